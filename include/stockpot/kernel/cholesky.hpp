#pragma once

#include <cstddef>
#include <optional>

#include "stockpot/kernel/columns_view.hpp"

namespace stockpot::kernel {

/// Factors a symmetric positive definite A [order, order], entry (i, j) at matrix[i * stride + j], in place.
/// Only its lower triangle is read; L with L L^T = A remains there, and L^T in the upper one. Returns
/// nothing, or the first row at which A is not positive definite to working precision (or not finite): what
/// the rows before leave of a diagonal element is at most order * 2^-52 of it. A is then lost. A row and
/// column of zeros is such a failure: leave inputs that never occur out before. Local, one thread, thread
/// safe; order^3 / 3 operations. Throws std::invalid_argument for stride < order.
std::optional<std::size_t> factor_cholesky(double* matrix, std::size_t order, std::size_t stride);

/// The columns B [order, n] become A^-1 B, from the two triangles that factor_cholesky left: L first, then
/// L^T, in fixed tiles. Bits do not depend on the other columns (columns_view.hpp). Local, thread safe:
/// threads may solve different blocks; 2 order^2 n operations on whole blocks, copies as
/// add_symmetric_product. Backward stable. Throws std::invalid_argument for shapes that do not fit.
void solve_cholesky(const double* factor, std::size_t order, std::size_t stride, Columns b);

}  // namespace stockpot::kernel
