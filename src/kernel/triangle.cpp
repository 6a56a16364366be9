#include "stockpot/kernel/triangle.hpp"

#include <algorithm>

#include "kernel/require.hpp"
#include "stockpot/kernel/gram.hpp"

namespace stockpot::kernel {

std::size_t packed_size(std::size_t first_row, std::size_t end_row) {
  require(first_row <= end_row, "triangle: its rows end before they begin");
  return gram_width(end_row) - gram_width(first_row);
}

void pack_triangle(const TrianglePanel& panel, std::span<double> packed) {
  require(packed.size() == packed_size(panel.first_row, panel.end_row), "triangle: not its packed size");
  double* to = packed.data();
  for (std::size_t i = panel.first_row; i < panel.end_row; ++i) to = std::copy_n(panel.row(i), i + 1, to);
}

void unpack_triangle(std::span<const double> packed, const TrianglePanel& panel) {
  require(packed.size() == packed_size(panel.first_row, panel.end_row), "triangle: not its packed size");
  const double* from = packed.data();
  for (std::size_t i = panel.first_row; i < panel.end_row; from += i + 1, ++i) {
    std::copy_n(from, i + 1, panel.row(i));
  }
}

void symmetrise(double* matrix, std::size_t order, std::size_t stride) {
  require(order <= stride || order == 0, "symmetrise: rows overlap");
  constexpr std::size_t tile = 8;  // a cache line each way
  for (std::size_t rows = 0; rows < order; rows += tile) {
    const std::size_t end_row = std::min(order, rows + tile);
    for (std::size_t columns = 0; columns <= rows; columns += tile) {
      for (std::size_t i = rows; i < end_row; ++i) {
        const std::size_t end_column = std::min(i, columns + tile);
        for (std::size_t j = columns; j < end_column; ++j) matrix[j * stride + i] = matrix[i * stride + j];
      }
    }
  }
}

}  // namespace stockpot::kernel
