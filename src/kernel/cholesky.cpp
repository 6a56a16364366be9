#include "stockpot/kernel/cholesky.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernel/blas.hpp"
#include "kernel/column_blocks.hpp"
#include "kernel/require.hpp"
#include "stockpot/kernel/triangle.hpp"

namespace stockpot::kernel {
namespace {

/// Solved at once, then its share is taken from the other rows by products of up to update_rows rows.
constexpr std::size_t pivot_rows = 256;
constexpr std::size_t update_rows = 1024;

/// L in the lower triangle and L^T in the upper one, stored by rows: a symmetric matrix F, whose tiles the
/// BLAS takes as they are stored. It packs what it must transpose several times slower.
struct Factor {
  const double* data;
  std::size_t order;
  std::size_t stride;

  [[nodiscard]] blas::Operand tile(std::size_t row, std::size_t column) const {
    return {data + column * stride + row, stride, false};
  }
  /// Of its upper triangle, as the BLAS sees it: L^T, or L when transposed.
  [[nodiscard]] blas::Operand diagonal_tile(std::size_t row, bool transposed) const {
    return {data + row * stride + row, stride, transposed};
  }
};

void subtract(const ColumnBlocks<double>& b, blas::Operand operand, std::size_t row, std::size_t rows,
              std::size_t pivot, std::size_t pivots) {
  for (std::size_t block = 0; block < b.size(); ++block) {
    blas::add_product(rows, solve_block_columns, pivots, -1.0, operand,
                      {b.data(block) + pivot, b.stride(block), false}, b.data(block) + row, b.stride(block));
  }
}

void solve_pivots(const ColumnBlocks<double>& b, blas::Operand operand, std::size_t pivot,
                  std::size_t pivots) {
  for (std::size_t block = 0; block < b.size(); ++block) {
    blas::solve_upper(pivots, solve_block_columns, operand, b.data(block) + pivot, b.stride(block));
  }
}

void solve_lower(const Factor& factor, const ColumnBlocks<double>& b) {
  for (std::size_t pivot = 0; pivot < factor.order; pivot += pivot_rows) {
    const std::size_t pivots = std::min(pivot_rows, factor.order - pivot);
    solve_pivots(b, factor.diagonal_tile(pivot, true), pivot, pivots);
    for (std::size_t row = pivot + pivots; row < factor.order; row += update_rows) {
      subtract(b, factor.tile(row, pivot), row, std::min(update_rows, factor.order - row), pivot, pivots);
    }
  }
}

void solve_lower_transposed(const Factor& factor, const ColumnBlocks<double>& b) {
  const std::size_t tiles = (factor.order + pivot_rows - 1) / pivot_rows;
  for (std::size_t tile = tiles; tile-- > 0;) {
    const std::size_t pivot = tile * pivot_rows;
    const std::size_t pivots = std::min(pivot_rows, factor.order - pivot);
    solve_pivots(b, factor.diagonal_tile(pivot, false), pivot, pivots);
    for (std::size_t row = 0; row < pivot; row += update_rows) {
      subtract(b, factor.tile(row, pivot), row, std::min(update_rows, pivot - row), pivot, pivots);
    }
  }
}

}  // namespace

std::optional<std::size_t> factor_cholesky(double* matrix, std::size_t order, std::size_t stride) {
  require(stride >= order, "cholesky: rows overlap");
  if (order == 0) return std::nullopt;
  std::vector<double> diagonal(order);
  for (std::size_t i = 0; i < order; ++i) diagonal[i] = matrix[i * stride + i];
  const std::size_t failed_minor = blas::factor_upper(order, matrix, stride);
  if (failed_minor > 0) return failed_minor - 1;
  // What rounding leaves of a diagonal element whose row depends on those before.
  const double share = static_cast<double>(order) * std::numeric_limits<double>::epsilon();
  for (std::size_t i = 0; i < order; ++i) {
    const double pivot = matrix[i * stride + i];
    if (!(std::isfinite(pivot) && pivot * pivot > share * diagonal[i])) return i;
  }
  symmetrise(matrix, order, stride);
  return std::nullopt;
}

void solve_cholesky(const double* factor, std::size_t order, std::size_t stride, Columns b) {
  require(stride >= order, "cholesky: rows overlap");
  require_columns(b, order);
  for (std::size_t first = 0; first < b.count; first += column_group) {
    const ColumnBlocks<double> blocks(b, first, std::min(column_group, b.count - first));
    solve_lower({factor, order, stride}, blocks);
    solve_lower_transposed({factor, order, stride}, blocks);
    blocks.store();
  }
}

}  // namespace stockpot::kernel
