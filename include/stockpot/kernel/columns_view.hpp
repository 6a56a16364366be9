#pragma once

#include <cstddef>
#include <type_traits>

namespace stockpot::kernel {

/// Columns of a matrix [length, count]: element (e, c) at data[e * row_stride + c * column_stride], where one
/// of the strides is 1. The rows of a weight W [d_out, d_in] are the columns of the unknown V = W^T:
/// row_stride 1, column_stride d_in.
template <typename T>
struct BasicColumns {
  T* data = nullptr;
  std::size_t length = 0;
  std::size_t count = 0;
  std::size_t row_stride = 1;
  std::size_t column_stride = 0;

  [[nodiscard]] T* column(std::size_t c) const { return data + c * column_stride; }
  operator BasicColumns<const T>() const requires(!std::is_const_v<T>) {
    return {data, length, count, row_stride, column_stride};
  }
};
using Columns = BasicColumns<double>;
using ConstColumns = BasicColumns<const double>;

/// Products and solves take so many columns at a time, counted from the first that is passed; the last ones
/// are padded with zeros. Their bits then depend on the column's place in its block and on nothing else that
/// is solved: cut an unknown at multiples of this only.
inline constexpr std::size_t solve_block_columns = 64;

}  // namespace stockpot::kernel
