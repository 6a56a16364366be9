#pragma once

#include <atomic>

#include "stockpot/engine/options.hpp"

namespace stockpot::report {

/// How a command reads checkpoints.
struct Options {
  int threads = 1;                                    ///< of each rank
  const std::atomic<bool>* stop_requested = nullptr;  ///< set by a signal handler
  engine::ProgressSink progress;                      ///< called on rank 0
  engine::WarningSink warn;                           ///< called on rank 0
};

}  // namespace stockpot::report
