#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace stockpot::soup {

/// What the evaluation of one candidate gave after all its attempts.
struct Outcome {
  std::map<std::string, double> metrics;  ///< all that were asked for, finite; empty after a failure
  /// Empty, or why the last attempt failed: "exit N", "signal N", "timeout", "output" or "metric", each with
  /// details after a colon.
  std::string failure;
  std::uint64_t attempts = 1;  ///< 0 in guesses alone
  double seconds = 0.0;        ///< all attempts together
  std::uint64_t worker = 0;    ///< which evaluator it was

  [[nodiscard]] bool is_usable() const { return failure.empty(); }
};

}  // namespace stockpot::soup
