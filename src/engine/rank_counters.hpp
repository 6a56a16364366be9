#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace stockpot::engine {

/// What one rank has done, counted by its lanes.
struct RankCounters {
  std::atomic<std::uint64_t> read_bytes{0};
  std::atomic<std::uint64_t> written_bytes{0};
  std::atomic<std::uint64_t> exchanged_bytes{0};
  std::atomic<std::uint64_t> reduced_bytes{0};    ///< statistics that this rank gave to reductions
  std::atomic<std::uint64_t> done_bytes{0};       ///< of the plan's reads and writes, resumed ones included
  std::atomic<std::uint64_t> nonfinite{0};        ///< elements of the output
  std::atomic<std::int64_t> read_nanoseconds{0};  ///< summed over lanes, as are the others
  std::atomic<std::int64_t> compute_nanoseconds{0};
  std::atomic<std::int64_t> write_nanoseconds{0};
};

/// Adds the time until it goes to a counter.
class Stopwatch {
 public:
  explicit Stopwatch(std::atomic<std::int64_t>& nanoseconds)
      : nanoseconds_(nanoseconds), begin_(std::chrono::steady_clock::now()) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() {
    nanoseconds_ += std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::atomic<std::int64_t>& nanoseconds_;
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace stockpot::engine
