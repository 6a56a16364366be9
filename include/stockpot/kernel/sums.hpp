#pragma once

#include <cstddef>
#include <span>

namespace stockpot::kernel {

/// The order of every sum over elements within a leaf or a row, the same on every instruction set: element e
/// belongs to lane e % sum_lanes. A lane starts from +0 and adds its terms in order of their elements; then
/// lane l takes lane l + 8 for l < 8, lane l + 4 for l < 4, lane l + 2, lane l + 1. Every term and every sum
/// is rounded to double, no fused multiply-add. A NaN result is the positive quiet NaN; no sum is -0.
inline constexpr std::size_t sum_lanes = 16;

/// Sum of the values; +0 of none. Local, thread safe, like the two below.
double lane_sum(std::span<const double> values);
/// Sum of the values' magnitudes: the L1 norm.
double absolute_sum(std::span<const double> values);
/// Sum of a[e] * b[e]. Throws std::invalid_argument when the lengths differ.
double sum_of_products(std::span<const double> a, std::span<const double> b);

}  // namespace stockpot::kernel
