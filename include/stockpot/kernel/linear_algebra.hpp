#pragma once

#include <cstddef>
#include <string>

namespace stockpot::kernel {

/// Name and version of the library behind input_gram.hpp, symmetric.hpp and cholesky.hpp, such as
/// "OpenBLAS 0.3.21"; "BLAS" where it does not name itself. It chooses its code by the processor, so bits of
/// these functions are the same for every number of ranks and threads on one type of processor, and may
/// differ on another. Each function runs on the thread that calls it. Local, thread safe.
std::string linear_algebra_library();

/// C += A B for square matrices [order, order] stored by rows, as one call of that library: the rate that
/// other functions can be measured against. Local, thread safe; 2 order^3 operations.
void add_matrix_product(const double* a, const double* b, double* c, std::size_t order);

}  // namespace stockpot::kernel
