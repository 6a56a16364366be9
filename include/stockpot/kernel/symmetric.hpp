#pragma once

#include <cstddef>

#include "stockpot/kernel/columns_view.hpp"
#include "stockpot/kernel/triangle.hpp"

namespace stockpot::kernel {

/// Rows [first_row, end_row) of S = weight * (off_diagonal * G + (1 - off_diagonal) * diag(G)) for a
/// symmetric G [order, order] with both triangles (symmetrise): G(i, j) at data[(i - first_row) * stride +
/// j].
struct SymmetricRows {
  const double* data = nullptr;
  std::size_t order = 0;
  std::size_t first_row = 0;
  std::size_t end_row = 0;
  std::size_t stride = 0;
  double off_diagonal = 1.0;
  double weight = 1.0;

  [[nodiscard]] const double* row(std::size_t i) const { return data + (i - first_row) * stride; }
};

/// Rows of a product that are computed together: row panels begin and end at multiples of it, or at the last
/// row.
inline constexpr std::size_t product_tile_rows = 1024;

/// Y += S X for columns X [order, n] and Y [end_row - first_row, n], which must not overlap. Each element of
/// Y first takes the term of the diagonal, weight * (1 - off_diagonal) rounded, times the rounded G(i, i)
/// x_i, then the products with weight * off_diagonal, in fixed tiles of the order in the order of the linear
/// algebra library. Bits do not depend on the panel, nor on the other columns (columns_view.hpp). Local,
/// thread safe. 2 (end_row - first_row) order n operations, on whole blocks of columns; with row_stride other
/// than 1 copies of 512 columns of X and Y. A row of zeros gives zeros. Throws std::invalid_argument for
/// shapes that do not fit and for rows off the tiles.
void add_symmetric_product(const SymmetricRows& symmetric, ConstColumns x, Columns y);

/// Adds S to the rows of a panel, which `symmetric` must hold too (its lower triangle is enough): off the
/// diagonal sum + weight * (off_diagonal * G(i, j)), on it sum + weight * G(i, i), each step rounded. Local,
/// thread safe; O(entries). Throws std::invalid_argument for rows that are not there.
void add_symmetric(const SymmetricRows& symmetric, const TrianglePanel& sum);

}  // namespace stockpot::kernel
