#pragma once

#include <chrono>

#include "engine/job.hpp"
#include "stockpot/comm/communicator.hpp"

namespace stockpot::engine {

/// What all ranks know after a round.
struct ControlState {
  bool all_idle = false;
  bool any_failed = false;
  bool stop_requested = false;
};

/// The meeting of all main threads while a pass runs: failures, stop requests, progress.
class ControlRound {
 public:
  ControlRound(comm::Communicator& world, Job& job);
  /// Collective. Every rank gets the same answer; rank 0 reports progress.
  ControlState meet(bool idle, bool failed);

 private:
  comm::Communicator& world_;
  Job& job_;
  std::uint64_t total_bytes_ = 0;
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace stockpot::engine
