#pragma once

#include <cstddef>

#include "stockpot/kernel/triangle.hpp"
#include "stockpot/tensor/dtype.hpp"

namespace stockpot::kernel {

/// A block of layer inputs X [rows, columns]: packed little-endian elements, element (t, c) at index
/// t * stride + c; may be unaligned.
struct InputBlock {
  DType dtype = DType::f64;
  const std::byte* data = nullptr;
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t stride = 0;
};

/// Rows of a triangle that are computed together: panels begin and end at multiples of it, or at the last
/// row.
inline constexpr std::size_t gram_tile_rows = 512;

/// Adds X^T X of the block to the panel's rows of a Gram matrix [columns, columns]. Elements are widened to
/// double exactly. Entry (i, j) gets the sum over the block's rows in the order of the linear algebra library
/// for a product of fixed shape: it depends on the block, on i, j and `columns` only. Which panel is asked
/// for, who asks for the others, the strides and the dtype that holds the values change no bit; cutting the
/// block differently does. Every element counts: leave out masked tokens, and expect NaN from NaN.
/// Local, thread safe: threads may own panels of one matrix. rows * columns * (end_row - first_row) sums of
/// products below the diagonal; blocks of some hundred rows run near the rate of a matrix product.
/// Throws std::invalid_argument for a dtype that is not mergeable and for a panel off the tiles or outside.
void add_input_gram(const InputBlock& block, const TrianglePanel& panel);

/// Most memory that a call takes for widened elements: a multiple of the rows; nothing for f64 that is
/// aligned.
std::size_t input_gram_workspace_bytes(DType dtype, std::size_t rows);

}  // namespace stockpot::kernel
