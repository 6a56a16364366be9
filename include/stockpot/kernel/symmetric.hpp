#pragma once

#include <cstddef>

#include "stockpot/kernel/columns_view.hpp"
#include "stockpot/kernel/triangle.hpp"

namespace stockpot::kernel {

/// What a Gram matrix G counts for: S = weight * (off_diagonal * G + (1 - off_diagonal) * diag(G)).
struct SymmetricScale {
  double off_diagonal = 1.0;
  double weight = 1.0;
};

/// Rows [first, end) of a symmetric G [order, order] as the columns that they equal: entry (i, j) is
/// data[j * stride + (i - first)] for first <= i < end and 0 <= j < order, both triangles (symmetrise).
struct SymmetricPanel {
  const double* data = nullptr;
  std::size_t order = 0;
  std::size_t first = 0;
  std::size_t end = 0;
  std::size_t stride = 0;
};

/// Rows of a product that are computed together: panels begin and end at multiples of it, or at the last row.
inline constexpr std::size_t product_tile_rows = 1024;

/// Y += S X for columns X [order, n] and Y [end - first, n], which must not overlap. Each element of Y first
/// takes the term of the diagonal, weight * (1 - off_diagonal) rounded, times the rounded G(i, i) x_i, then
/// the products with weight * off_diagonal, in fixed tiles of the order in the order of the linear algebra
/// library. Bits do not depend on the panel, nor on the other columns (columns_view.hpp). Local, thread safe.
/// 2 (end - first) order n operations, on whole blocks of columns; with row_stride other than 1 copies of 512
/// columns of X and Y. A row of zeros gives zeros. Throws std::invalid_argument for shapes that do not fit
/// and for panels off the tiles.
void add_symmetric_product(const SymmetricPanel& gram, SymmetricScale scale, ConstColumns x, Columns y);

/// Adds the rows of S to those of `sum`, lower triangles both: off the diagonal sum + weight * (off_diagonal
/// * G(i, j)), on it sum + weight * G(i, i), each step rounded. Local, thread safe; O(entries). Throws
/// std::invalid_argument where `gram` lacks rows of `sum`.
void add_symmetric(const TrianglePanel& gram, SymmetricScale scale, const TrianglePanel& sum);
/// The same of the columns [first, end) that the panel holds, below the diagonal and on it: entry (i, j) is
/// sum[i * stride + j]. Panels of one matrix change different entries. @pre order <= stride
void add_symmetric(const SymmetricPanel& gram, SymmetricScale scale, double* sum, std::size_t stride);
/// The same of the panel's rows, up to the diagonal, to the same rows of `sum`. Throws std::invalid_argument
/// where these are others.
void add_symmetric_rows(const SymmetricPanel& gram, SymmetricScale scale, const TrianglePanel& sum);

}  // namespace stockpot::kernel
