#pragma once

#include <cstddef>
#include <span>

namespace stockpot::kernel {

/// Rows [first_row, end_row) of the lower triangle of a square matrix stored by rows: entry (i, j), j <= i,
/// is data[(i - first_row) * stride + j], with end_row <= stride unless the panel is empty. What lies above
/// the diagonal is neither read nor written. All functions are local and thread safe.
struct TrianglePanel {
  double* data = nullptr;
  std::size_t first_row = 0;
  std::size_t end_row = 0;
  std::size_t stride = 0;

  [[nodiscard]] double* row(std::size_t i) const { return data + (i - first_row) * stride; }
};

/// Values of rows [first_row, end_row) of a triangle that is packed row by row: (0, 0), (1, 0), (1, 1), ...
/// They stand together in it, after the values of rows [0, first_row).
std::size_t packed_size(std::size_t first_row, std::size_t end_row);

/// The panel's rows, packed. Throw std::invalid_argument unless `packed` has packed_size(first_row, end_row)
/// values. O(values).
void pack_triangle(const TrianglePanel& panel, std::span<double> packed);
void unpack_triangle(std::span<const double> packed, const TrianglePanel& panel);

/// Copies the lower triangle of a matrix [order, order], entry (i, j) at matrix[i * stride + j], to the upper
/// one, in place. O(order^2). @pre order <= stride
void symmetrise(double* matrix, std::size_t order, std::size_t stride);

}  // namespace stockpot::kernel
