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

void check(const SymmetricPanel& gram) {
  const auto is_cut = [&](std::size_t row) { return row % product_tile_rows == 0 || row == gram.order; };
  require(gram.first <= gram.end && gram.end <= gram.order, "symmetric: no such rows");
  require(is_cut(gram.first) && is_cut(gram.end), "symmetric: the panel cuts a tile");
  require(gram.order < 2 || gram.stride >= gram.end - gram.first, "symmetric: the panel overlaps itself");
}

void add_diagonal(const SymmetricPanel& gram, double share, const ColumnBlocks<const double>& x,
                  const ColumnBlocks<double>& y) {
  std::vector<double> diagonal;
  for (std::size_t i = gram.first; i < gram.end; ++i)
    diagonal.push_back(gram.data[i * gram.stride + (i - gram.first)]);
  for (std::size_t block = 0; block < x.size(); ++block) {
    for (std::size_t c = 0; c < solve_block_columns; ++c) {
      const double* const from = x.data(block) + c * x.stride(block) + gram.first;
      double* const to = y.data(block) + c * y.stride(block);
      for (std::size_t i = 0; i < diagonal.size(); ++i) to[i] += share * (diagonal[i] * from[i]);
    }
  }
}

void add_tiles(const SymmetricPanel& gram, double factor, const ColumnBlocks<const double>& x,
               const ColumnBlocks<double>& y) {
  for (std::size_t column = 0; column < gram.order; column += product_tile_columns) {
    const std::size_t columns = std::min(product_tile_columns, gram.order - column);
    for (std::size_t row = 0; row < gram.end - gram.first; row += product_tile_rows) {
      const std::size_t rows = std::min(product_tile_rows, gram.end - gram.first - row);
      const blas::Operand tile{gram.data + column * gram.stride + row, gram.stride, false};
      for (std::size_t block = 0; block < x.size(); ++block) {
        blas::add_product(rows, solve_block_columns, columns, factor, tile,
                          {x.data(block) + column, x.stride(block), false}, y.data(block) + row,
                          y.stride(block));
      }
    }
  }
}

}  // namespace

void add_symmetric_product(const SymmetricPanel& gram, SymmetricScale scale, ConstColumns x, Columns y) {
  check(gram);
  require_columns(x, gram.order);
  require_columns(y, gram.end - gram.first);
  require(x.count == y.count, "symmetric: a column for each");
  for (std::size_t first = 0; first < x.count; first += column_group) {
    const std::size_t count = std::min(column_group, x.count - first);
    const ColumnBlocks<const double> from(x, first, count);
    const ColumnBlocks<double> to(y, first, count);
    if (scale.off_diagonal != 1.0) add_diagonal(gram, scale.weight * (1.0 - scale.off_diagonal), from, to);
    if (scale.off_diagonal != 0.0) add_tiles(gram, scale.weight * scale.off_diagonal, from, to);
    to.store();
  }
}

void add_symmetric(const TrianglePanel& gram, SymmetricScale scale, const TrianglePanel& sum) {
  require(gram.first_row <= sum.first_row && sum.end_row <= gram.end_row, "symmetric: no such rows");
  for (std::size_t i = sum.first_row; i < sum.end_row; ++i) {
    const double* const from = gram.row(i);
    double* const to = sum.row(i);
    for (std::size_t j = 0; j < i; ++j) to[j] += scale.weight * (scale.off_diagonal * from[j]);
    to[i] += scale.weight * from[i];
  }
}

void add_symmetric(const SymmetricPanel& gram, SymmetricScale scale, double* sum, std::size_t stride) {
  check(gram);
  require(stride >= gram.order, "symmetric: rows overlap");
  for (std::size_t i = gram.first; i < gram.order; ++i) {
    const double* const from = gram.data + i * gram.stride;
    double* const to = sum + i * stride;
    for (std::size_t j = gram.first; j < std::min(i, gram.end); ++j) {
      to[j] += scale.weight * (scale.off_diagonal * from[j - gram.first]);
    }
    if (i < gram.end) to[i] += scale.weight * from[i - gram.first];
  }
}

void add_symmetric_rows(const SymmetricPanel& gram, SymmetricScale scale, const TrianglePanel& sum) {
  check(gram);
  require(gram.first == sum.first_row && gram.end == sum.end_row, "symmetric: no such rows");
  for (std::size_t j = 0; j < gram.end; ++j) {
    const double* const from = gram.data + j * gram.stride;
    for (std::size_t i = std::max(gram.first, j + 1); i < gram.end; ++i) {
      sum.row(i)[j] += scale.weight * (scale.off_diagonal * from[i - gram.first]);
    }
    if (j >= gram.first) sum.row(j)[j] += scale.weight * from[j - gram.first];
  }
}

}  // namespace stockpot::kernel
