#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "stockpot/io/output_folder.hpp"
#include "stockpot/plan/merge_plan.hpp"

namespace stockpot::engine {

enum class NonfinitePolicy { error, warn, allow };

/// What a rank knows about the whole job's progress.
struct Progress {
  std::uint64_t done_bytes = 0;  ///< read and written, all ranks
  std::uint64_t total_bytes = 0;
  double seconds = 0.0;
};

/// Called on rank 0's main thread a few times a second, and once at the end.
using ProgressSink = std::function<void(const Progress&)>;
/// Called on every rank for things worth telling; only rank 0's are about the whole job.
using WarningSink = std::function<void(const std::string&)>;

/// How to run a job, from the command line.
struct RunOptions {
  std::filesystem::path output;
  std::filesystem::path statistics;  ///< where the models' geometry goes; empty: it isn't measured
  io::ExistingOutput existing = io::ExistingOutput::refuse;
  io::Durability durability = io::Durability::fsync;
  plan::PlanOptions plan;
  std::optional<DType> dtype;
  NonfinitePolicy nonfinite = NonfinitePolicy::error;
  bool lenient = false;
  double mpi_init_seconds = 0.0;
  const std::atomic<bool>* stop_requested = nullptr;  ///< set by a signal handler
  ProgressSink progress;
  WarningSink warn;
};

/// How a command that writes no checkpoint reads one.
struct ReadOptions {
  int threads = 1;                                    ///< of each rank
  const std::atomic<bool>* stop_requested = nullptr;  ///< set by a signal handler
  ProgressSink progress;                              ///< called on rank 0
  WarningSink warn;                                   ///< called on rank 0
};

}  // namespace stockpot::engine
