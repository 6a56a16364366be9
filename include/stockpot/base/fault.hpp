#pragma once

#include <atomic>
#include <cstddef>
#include <string_view>

/// Made-up failures, for tests of what the program does about them. Nothing here acts unless the environment
/// variable STOCKPOT_FAULT is set when the first file is touched (or a test calls `set_fault_plan`). The
/// variable holds rules separated by commas, each `POINT:ACTION[:KEY=VALUE]...`:
///
///   POINT      read, write, sync, rename, link: a system call; agree: where the ranks agree on whether their
///              parts went well, before this rank does its part
///   ACTION     eio, enospc, eperm (the call or this rank's part fails with that errno), short (the call
///              moves at most one byte), kill (SIGKILL to this process)
///   nth=N      acts on the N-th such point only, counted from 1 in this process
///   bytes=N    acts on every call from which more than N bytes in all would have been moved
///   rank=N     acts only where `set_fault_rank` said N
///
/// Without nth and bytes a rule acts on every such point. Example:
/// STOCKPOT_FAULT="write:enospc:bytes=1000000".
namespace stockpot {

enum class FaultPoint { read, write, sync, rename, link, agree };

/// What a call has to do: fail with `error` (an errno) unless 0, and move at most `bytes`.
struct FaultVerdict {
  int error = 0;
  std::size_t bytes = 0;
};

/// Rank that rules with `rank=` are compared with; -1, which matches none, until it is called.
void set_fault_rank(int rank);
/// Replaces the plan and restarts its counts; "" means no faults. Throws Error{usage} for a malformed plan.
void set_fault_plan(std::string_view plan);

namespace detail {
enum class FaultState : int { unread, off, on };
inline std::atomic<FaultState> fault_state{FaultState::unread};
FaultVerdict judge(FaultPoint point, std::size_t bytes);
}  // namespace detail

/// Asked before every system call that moves, syncs, renames or links, and at every agreement; one relaxed
/// load when no plan is set.
inline FaultVerdict fault(FaultPoint point, std::size_t bytes) {
  if (detail::fault_state.load(std::memory_order_relaxed) == detail::FaultState::off) return {0, bytes};
  return detail::judge(point, bytes);
}

}  // namespace stockpot
