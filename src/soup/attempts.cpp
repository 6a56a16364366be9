#include "soup/attempts.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <string.h>

#include <algorithm>
#include <thread>

#include "stockpot/base/error.hpp"

namespace stockpot::soup {
namespace {

constexpr std::chrono::milliseconds look_for_stop{50};
constexpr std::chrono::milliseconds wait_for_stop{300};
constexpr double longest_seconds = 1e9;  // what a clock can surely add

/// By SIGUSR1 or SIGTERM, with which jobs are stopped, or so a shell says of the program that it ran.
bool ended_by_stop_signal(const io::ProgramEnd& end) {
  const int signal = end.signal != 0 ? end.signal : end.exit_code - 128;
  return signal == SIGUSR1 || signal == SIGTERM;
}

}  // namespace

AttemptLimit::AttemptLimit(double timeout_seconds, const std::atomic<bool>& stop)
    : stop_(stop),
      seconds_(timeout_seconds),
      deadline_(Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                                   std::clamp(timeout_seconds, 0.0, longest_seconds)))) {}

void AttemptLimit::check_stop() const {
  if (stop_.load()) throw Error(ExitCode::stopped, "an evaluation was stopped on request");
}

AttemptLimit::Clock::time_point AttemptLimit::next_look() const {
  return std::min(deadline_, Clock::now() + look_for_stop);
}

std::string AttemptLimit::failure() const {
  return fmt::format("timeout: no answer within {} s", seconds_);
}

Outcome run_attempts(
    const recipe::Evaluate& how, std::uint64_t evaluator, const std::atomic<bool>& stop,
    const std::function<Reading(std::uint64_t attempt, const AttemptLimit& limit)>& attempt) {
  const auto start = AttemptLimit::Clock::now();
  Outcome outcome;
  outcome.worker = evaluator;
  for (outcome.attempts = 1;; ++outcome.attempts) {
    const AttemptLimit limit(how.timeout_seconds, stop);
    limit.check_stop();
    Reading reading = attempt(outcome.attempts, limit);
    outcome.metrics = std::move(reading.metrics);
    outcome.failure = std::move(reading.failure);
    if (outcome.is_usable() || outcome.attempts > how.retries) break;
  }
  outcome.seconds = std::chrono::duration<double>(AttemptLimit::Clock::now() - start).count();
  return outcome;
}

std::string failure_of(const io::ProgramEnd& end, std::string_view details, const AttemptLimit& limit) {
  if (ended_by_stop_signal(end)) {
    const auto patience = AttemptLimit::Clock::now() + wait_for_stop;
    while (AttemptLimit::Clock::now() < patience) {
      limit.check_stop();
      std::this_thread::sleep_for(look_for_stop / 5);
    }
  }
  limit.check_stop();
  if (end.signal == 0) return fmt::format("exit {}: {}", end.exit_code, details);
  return fmt::format("signal {}: {}, {}", end.signal, ::strsignal(end.signal), details);
}

}  // namespace stockpot::soup
