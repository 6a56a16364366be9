#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "soup/metric_reader.hpp"
#include "stockpot/io/child_process.hpp"
#include "stockpot/recipe/search.hpp"
#include "stockpot/soup/outcome.hpp"

namespace stockpot::soup {

/// When one attempt has to be over, and whether it may go on at all.
class AttemptLimit {
 public:
  using Clock = io::ChildProcess::Clock;

  /// `timeout_seconds` from now; `stop` must outlive this.
  AttemptLimit(double timeout_seconds, const std::atomic<bool>& stop);

  /// Throws Error{stopped} if that was asked for.
  void check_stop() const;
  [[nodiscard]] bool is_over() const { return Clock::now() >= deadline_; }
  /// Until when to sleep before asking again: the deadline, or soon, since nothing wakes us for a stop.
  [[nodiscard]] Clock::time_point next_look() const;
  /// "timeout: ..."
  [[nodiscard]] std::string failure() const;

 private:
  const std::atomic<bool>& stop_;
  double seconds_;
  Clock::time_point deadline_;
};

/// Makes attempts, numbered from 1, until one succeeds or the recipe allows no more.
Outcome run_attempts(const recipe::Evaluate& how, std::uint64_t evaluator, const std::atomic<bool>& stop,
                     const std::function<Reading(std::uint64_t attempt, const AttemptLimit& limit)>& attempt);

/// Why a program that ended so is a failed attempt: "exit N: ..." or "signal N: ...". What stops a job may
/// reach its programs before its ranks: after a signal waits a moment for the stop that came with it, and
/// throws Error{stopped} for it.
std::string failure_of(const io::ProgramEnd& end, std::string_view details, const AttemptLimit& limit);

/// How long a program may clean up after SIGTERM, or after the end of its input.
inline constexpr std::chrono::seconds termination_grace{2};

}  // namespace stockpot::soup
