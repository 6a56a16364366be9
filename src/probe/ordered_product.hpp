#pragma once

#include <cstddef>

namespace stockpot::probe {

/// A matrix of doubles with any strides, not owned.
struct MatrixView {
  const double* data = nullptr;
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t row_stride = 0;
  std::size_t column_stride = 1;

  [[nodiscard]] MatrixView transposed() const { return {data, columns, rows, column_stride, row_stride}; }
};

/// Row-major without gaps.
inline MatrixView dense(const double* data, std::size_t rows, std::size_t columns) {
  return {data, rows, columns, columns, 1};
}

/// C += A B for C [A.rows, B.columns], row-major without gaps. Every element is
/// ((c + a_0 b_0) + a_1 b_1) + ... with each product and sum rounded: its bits depend on its row of A and its
/// column of B alone, so a cut in rows or columns changes nothing, and neither does a cut of the sum in
/// consecutive calls. Local, 2 * A.rows * A.columns * B.columns flops, 32 * A.columns bytes.
void add_product(const MatrixView& a, const MatrixView& b, double* c);

}  // namespace stockpot::probe
