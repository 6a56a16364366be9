#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <vector>

namespace stockpot::test {

/// Sum of leaves [begin, end) of one component: the subtree whose complete form has `span` leaves.
inline double tree_sum_of(std::span<const double> leaves, std::uint64_t width, std::uint64_t component,
                          std::uint64_t begin, std::uint64_t span) {
  const std::uint64_t leaf_count = leaves.size() / width;
  if (span == 1) return leaves[begin * width + component];
  const double left = tree_sum_of(leaves, width, component, begin, span / 2);
  if (begin + span / 2 >= leaf_count) return left;
  return left + tree_sum_of(leaves, width, component, begin + span / 2, span / 2);
}

/// The definition of the fixed tree, by recursion from the root, one component at a time.
inline std::vector<double> tree_sum(std::span<const double> leaves, std::uint64_t width) {
  const std::uint64_t leaf_count = leaves.size() / width;
  std::vector<double> sum(width, 0.0);
  if (leaf_count == 0) return sum;
  std::uint64_t span = 1;
  while (span < leaf_count) span *= 2;
  for (std::uint64_t component = 0; component < width; ++component) {
    sum[component] = tree_sum_of(leaves, width, component, 0, span);
  }
  return sum;
}

/// Doubles of very different magnitude and both signs: another order of addition gives other bits.
inline std::vector<double> awkward_leaves(std::uint64_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> values(count);
  for (double& value : values) {
    const double mantissa = 1.0 + static_cast<double>(random() >> 12) * 0x1p-52;
    value = std::ldexp(random() % 2 == 0 ? mantissa : -mantissa, static_cast<int>(random() % 40) - 20);
  }
  if (count > 0 && random() % 8 == 0) values[random() % count] = -0.0;
  return values;
}

inline bool same_bits(std::span<const double> left, std::span<const double> right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
  });
}

}  // namespace stockpot::test
