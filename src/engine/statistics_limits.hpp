#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "stockpot/engine/options.hpp"

namespace stockpot::engine {

/// What one rank may use while it sums statistics.
struct StatisticsLimits {
  int threads = 1;
  std::uint64_t buffer_bytes = 0;  ///< for all buffers together

  /// As many threads as fit when each takes so many bytes beside what is shared; at least one.
  [[nodiscard]] int threads_that_fit(std::uint64_t bytes_per_thread, std::uint64_t shared_bytes = 0) const;
};

/// Limits of a job whose largest step works with `least_buffer_bytes` and not with less; `tensors` counts the
/// names that are kept. Throws Error{usage} with the smallest --memory that works.
StatisticsLimits statistics_limits(const RunOptions& options, std::uint64_t tensors,
                                   std::uint64_t least_buffer_bytes);

/// Progress of a job of several steps, each of which tells of its own.
class StepProgress {
 public:
  StepProgress(const RunOptions& options, std::uint64_t total_bytes);

  /// How the next step reads, which counts as `bytes` of the total.
  ReadOptions next(std::uint64_t bytes, int threads);

 private:
  const RunOptions& options_;
  std::uint64_t total_bytes_;
  std::uint64_t begun_bytes_ = 0;
  double begin_seconds_;
};

}  // namespace stockpot::engine
