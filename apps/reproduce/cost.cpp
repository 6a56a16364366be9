#include "cost.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <span>

#include "stockpot/base/process.hpp"
#include "stockpot/io/file.hpp"

namespace stockpot::reproduce {
namespace {

/// proc(5): 5 resets the peak of resident memory.
void forget_peak() {
  std::ofstream("/proc/self/clear_refs") << 5;
}

}  // namespace

Cost& Cost::operator+=(const Cost& next) {
  seconds += next.seconds;
  flops += next.flops;
  read_bytes += next.read_bytes;
  written_bytes += next.written_bytes;
  peak_bytes = std::max(peak_bytes, next.peak_bytes);
  return *this;
}

Cost measure(comm::Communicator& world, const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  forget_peak();
  const io::TransferCounters before = io::transfer_counters();
  const Clock::time_point begin = Clock::now();
  work();
  Cost cost;
  cost.seconds = world.all_reduce(std::chrono::duration<double>(Clock::now() - begin).count(),
                                  comm::ReduceOp::max, "seconds");
  const io::TransferCounters after = io::transfer_counters();
  std::array<std::uint64_t, 2> moved{after.read_bytes - before.read_bytes,
                                     after.written_bytes - before.written_bytes};
  world.all_reduce(std::span<std::uint64_t>(moved), comm::ReduceOp::sum, "bytes moved");
  cost.read_bytes = moved[0];
  cost.written_bytes = moved[1];
  cost.peak_bytes = world.all_reduce(resident_memory().peak_bytes, comm::ReduceOp::max, "peak memory");
  return cost;
}

}  // namespace stockpot::reproduce
