#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace stockpot::kernel::test {

/// The sum of terms in the stated order, written from the statement: sixteen lanes, then eight, four, two,
/// one.
inline double sum_in_lanes(std::span<const double> terms) {
  std::array<double, 16> lane{};
  for (std::size_t first = 0; first < terms.size(); first += 16) {
    for (std::size_t i = 0; i < 16 && first + i < terms.size(); ++i) lane[i] = lane[i] + terms[first + i];
  }
  std::array<double, 8> eight{};
  for (std::size_t i = 0; i < 8; ++i) eight[i] = lane[i] + lane[i + 8];
  const std::array<double, 4> four{eight[0] + eight[4], eight[1] + eight[5], eight[2] + eight[6],
                                   eight[3] + eight[7]};
  const double two[] = {four[0] + four[2], four[1] + four[3]};
  return two[0] + two[1];
}

/// The bits of a sum; all NaN are the positive quiet one.
inline std::uint64_t bits_of_sum(double expected) {
  return std::isnan(expected) ? 0x7ff8000000000000u : std::bit_cast<std::uint64_t>(expected);
}

}  // namespace stockpot::kernel::test
