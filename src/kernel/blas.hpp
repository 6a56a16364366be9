#pragma once

#include <cstddef>

/// The few routines of BLAS and LAPACK in use, as the standard names them: matrices are stored by columns, so
/// that a matrix stored by rows is seen as its transpose. Thread safe with any library; each runs on the
/// thread that calls it. Throw std::invalid_argument for a size above the range of int.
namespace stockpot::kernel::blas {

/// C += alpha op(A) op(B), C of `m` rows and `n` columns, `k` products for each entry. op transposes if
/// asked.
struct Operand {
  const double* data;
  std::size_t stride;  ///< elements from one column to the next
  bool transposed;
};
void add_product(std::size_t m, std::size_t n, std::size_t k, double alpha, Operand a, Operand b, double* c,
                 std::size_t c_stride);

/// Upper triangle of C [n, n] += A A^T, A [n, k].
void add_outer_product(std::size_t n, std::size_t k, const double* a, std::size_t a_stride, double* c,
                       std::size_t c_stride);

/// B [m, n] becomes op(A)^-1 B for an upper triangular A.
void solve_upper(std::size_t m, std::size_t n, Operand a, double* b, std::size_t b_stride);

/// Upper triangle of A becomes U with U^T U = A. Returns LAPACK's info: 0, or the number of the leading minor
/// that is not positive.
std::size_t factor_upper(std::size_t n, double* a, std::size_t stride);

}  // namespace stockpot::kernel::blas
