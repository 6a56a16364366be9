#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "stockpot/kernel/linear_form.hpp"

namespace stockpot::kernel {

/// Entries of the lower triangle of a Gram matrix with its diagonal.
constexpr std::size_t gram_width(std::size_t vectors) {
  return vectors * (vectors + 1) / 2;
}
/// Where entry (row, column) stands in that triangle. @pre column <= row
constexpr std::size_t gram_index(std::size_t row, std::size_t column) {
  return gram_width(row) + column;
}

/// Sums of products of vectors over `count` elements (a leaf, a row, none): `sums` becomes the lower triangle
/// row by row, (0, 0), (1, 0), (1, 1), (2, 0), ..., of the sums of y_i y_j, where y_i = x_i, or the rounded
/// x_i - b when `anchor.data` is not null. The order of each sum is that of sum_lanes (sums.hpp), whatever
/// the element types, which may be mixed. Local, thread safe; O(count * gram_width) time, O(inputs^2) memory.
/// Throws std::invalid_argument when `sums` hasn't gram_width(inputs.size()) entries or a dtype is not
/// mergeable.
void gram(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count, std::span<double> sums);

}  // namespace stockpot::kernel
