#include "stockpot/kernel/symmetric.hpp"

#include <algorithm>
#include <vector>

#include "kernel/blas.hpp"
#include "kernel/column_blocks.hpp"
#include "kernel/require.hpp"

namespace stockpot::kernel {
namespace {

/// With product_tile_rows rows 2 MB: stays in a cache while the columns pass.
constexpr std::size_t product_tile_columns = 256;

void check(const SymmetricRows& symmetric) {
  const auto is_cut = [&](std::size_t row) { return row % product_tile_rows == 0 || row == symmetric.order; };
  require(symmetric.first_row <= symmetric.end_row && symmetric.end_row <= symmetric.order,
          "symmetric: no such rows");
  require(is_cut(symmetric.first_row) && is_cut(symmetric.end_row), "symmetric: the rows cut a tile");
  require(symmetric.stride >= symmetric.order, "symmetric: the rows overlap");
}

void add_diagonal(const SymmetricRows& symmetric, const ColumnBlocks<const double>& x,
                  const ColumnBlocks<double>& y) {
  const double share = symmetric.weight * (1.0 - symmetric.off_diagonal);
  std::vector<double> diagonal;
  for (std::size_t i = symmetric.first_row; i < symmetric.end_row; ++i)
    diagonal.push_back(symmetric.row(i)[i]);
  for (std::size_t block = 0; block < x.size(); ++block) {
    for (std::size_t c = 0; c < solve_block_columns; ++c) {
      const double* const from = x.data(block) + c * x.stride(block) + symmetric.first_row;
      double* const to = y.data(block) + c * y.stride(block);
      for (std::size_t i = 0; i < diagonal.size(); ++i) to[i] += share * (diagonal[i] * from[i]);
    }
  }
}

void add_tiles(const SymmetricRows& symmetric, const ColumnBlocks<const double>& x,
               const ColumnBlocks<double>& y) {
  const double factor = symmetric.weight * symmetric.off_diagonal;
  for (std::size_t column = 0; column < symmetric.order; column += product_tile_columns) {
    const std::size_t columns = std::min(product_tile_columns, symmetric.order - column);
    for (std::size_t row = symmetric.first_row; row < symmetric.end_row; row += product_tile_rows) {
      const std::size_t rows = std::min(product_tile_rows, symmetric.end_row - row);
      for (std::size_t block = 0; block < x.size(); ++block) {
        blas::add_product(rows, solve_block_columns, columns, factor,
                          {symmetric.row(row) + column, symmetric.stride, true},
                          {x.data(block) + column, x.stride(block), false},
                          y.data(block) + (row - symmetric.first_row), y.stride(block));
      }
    }
  }
}

}  // namespace

void add_symmetric_product(const SymmetricRows& symmetric, ConstColumns x, Columns y) {
  check(symmetric);
  require_columns(x, symmetric.order);
  require_columns(y, symmetric.end_row - symmetric.first_row);
  require(x.count == y.count, "symmetric: a column for each");
  for (std::size_t first = 0; first < x.count; first += column_group) {
    const std::size_t count = std::min(column_group, x.count - first);
    const ColumnBlocks<const double> from(x, first, count);
    const ColumnBlocks<double> to(y, first, count);
    if (symmetric.off_diagonal != 1.0) add_diagonal(symmetric, from, to);
    if (symmetric.off_diagonal != 0.0) add_tiles(symmetric, from, to);
    to.store();
  }
}

void add_symmetric(const SymmetricRows& symmetric, const TrianglePanel& sum) {
  require(symmetric.first_row <= sum.first_row && sum.end_row <= symmetric.end_row,
          "symmetric: no such rows");
  for (std::size_t i = sum.first_row; i < sum.end_row; ++i) {
    const double* const from = symmetric.row(i);
    double* const to = sum.row(i);
    for (std::size_t j = 0; j < i; ++j) to[j] += symmetric.weight * (symmetric.off_diagonal * from[j]);
    to[i] += symmetric.weight * from[i];
  }
}

}  // namespace stockpot::kernel
