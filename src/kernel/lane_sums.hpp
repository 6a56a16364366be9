#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "stockpot/kernel/sums.hpp"

namespace stockpot::kernel {

using LaneSums = std::array<double, sum_lanes>;

/// The end of every sum: lanes fold by halves; of NaN only that it is one is kept.
inline double fold(LaneSums lanes) {
  for (std::size_t half = sum_lanes / 2; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) lanes[lane] = lanes[lane] + lanes[lane + half];
  }
  return std::isnan(lanes[0]) ? std::numeric_limits<double>::quiet_NaN() : lanes[0];
}

}  // namespace stockpot::kernel
