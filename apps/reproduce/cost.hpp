#pragma once

#include <cstdint>
#include <functional>

#include "stockpot/comm/communicator.hpp"

namespace stockpot::reproduce {

/// What some work took, all ranks together.
struct Cost {
  double seconds = 0;            ///< of the slowest rank
  double flops = 0;              ///< by formula, see flops.hpp
  std::uint64_t read_bytes = 0;  ///< of files, their headers included
  std::uint64_t written_bytes = 0;
  std::uint64_t peak_bytes = 0;  ///< resident memory of the largest rank during the work, libraries included

  /// One after the other: sums, and the larger peak.
  Cost& operator+=(const Cost& next);
};

/// Collective. Runs `work`, itself collective, on every rank and measures it. Where the system doesn't let a
/// process forget its peak of memory (Linux does), `peak_bytes` is that since its start.
Cost measure(comm::Communicator& world, const std::function<void()>& work);

}  // namespace stockpot::reproduce
