#include "engine/statistics_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::engine {
namespace {

/// The program with its libraries, and what these keep for their calls.
constexpr std::uint64_t program_bytes = std::uint64_t{80} << 20;
constexpr std::uint64_t bytes_per_tensor = 4096;
/// Copies of blocks that the linear algebra library packs, and the thread's stack.
constexpr std::uint64_t bytes_per_thread = std::uint64_t{6} << 20;
/// Where nothing limits the memory, more buffers than this for each thread, and once more, bring little.
constexpr std::uint64_t comfortable_bytes = std::uint64_t{1} << 30;

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

int StatisticsLimits::threads_that_fit(std::uint64_t bytes_per_worker, std::uint64_t shared_bytes) const {
  const std::uint64_t free_bytes = buffer_bytes - std::min(buffer_bytes, shared_bytes);
  const std::uint64_t fitting = free_bytes / std::max<std::uint64_t>(1, bytes_per_worker);
  return static_cast<int>(std::clamp<std::uint64_t>(fitting, 1, static_cast<std::uint64_t>(threads)));
}

StatisticsLimits statistics_limits(const RunOptions& options, std::uint64_t tensors,
                                   std::uint64_t least_buffer_bytes) {
  const std::uint64_t base_bytes = program_bytes + bytes_per_tensor * tensors;
  const auto threads = static_cast<std::uint64_t>(options.plan.threads);
  StatisticsLimits limits{static_cast<int>(threads),
                          std::max(least_buffer_bytes, (threads + 1) * comfortable_bytes)};
  if (!options.plan.memory_bytes) return limits;
  const std::uint64_t memory_bytes = *options.plan.memory_bytes;
  const std::uint64_t smallest = base_bytes + bytes_per_thread + least_buffer_bytes;
  if (memory_bytes < smallest) {
    throw Error(
        ExitCode::usage,
        fmt::format("--memory {} is too small for these statistics; the smallest that works is {} ({} bytes)",
                    format_size(memory_bytes), format_size(smallest), smallest));
  }
  const std::uint64_t spare = memory_bytes - base_bytes - least_buffer_bytes;
  limits.threads = static_cast<int>(std::min<std::uint64_t>(threads, spare / bytes_per_thread));
  limits.buffer_bytes =
      memory_bytes - base_bytes - static_cast<std::uint64_t>(limits.threads) * bytes_per_thread;
  return limits;
}

StepProgress::StepProgress(const RunOptions& options, std::uint64_t total_bytes)
    : options_(options), total_bytes_(total_bytes), begin_seconds_(seconds_now()) {}

ReadOptions StepProgress::next(std::uint64_t bytes, int threads) {
  ReadOptions step;
  step.threads = threads;
  step.stop_requested = options_.stop_requested;
  step.warn = options_.warn;
  if (options_.progress) {
    step.progress = [this, begun = begun_bytes_, bytes](const Progress& own) {
      const double share = own.total_bytes == 0
                               ? 1.0
                               : static_cast<double>(own.done_bytes) / static_cast<double>(own.total_bytes);
      const auto done = static_cast<std::uint64_t>(share * static_cast<double>(bytes));
      options_.progress({begun + done, total_bytes_, seconds_now() - begin_seconds_});
    };
  }
  begun_bytes_ += bytes;
  return step;
}

}  // namespace stockpot::engine
