#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "stockpot/soup/search.hpp"

namespace stockpot::soup {

/// Numbers, scores and judges the outcomes of one search, in sequential order.
///
/// Score: sum of weight * metric, in bytewise order of the metrics' names, negated by `mode: minimize`. An
/// outcome without a finite score (a metric is missing, the sum overflows) counts as a failed one.
class Referee {
 public:
  Referee(const recipe::Search& search, const recipe::Evaluate& evaluate);

  /// Accepted if the score compares with the best so far as `accept` says, or is the first one; then it is
  /// the best. Throws Error{input} for a failure under `on_failure: error`.
  TraceEntry judge(Phase phase, const Candidate& candidate, const Outcome& outcome);
  /// Neither accepts nor rejects; the best is the highest score seen. Throws like `judge`.
  TraceEntry rank(const Candidate& candidate, const Outcome& outcome);
  /// Throws Error{input} if no score was usable yet.
  void require_score() const;

  [[nodiscard]] std::optional<double> best() const { return best_; }
  [[nodiscard]] bool most_are_accepted() const { return 2 * accepted_ > judged_; }
  /// An outcome with about this score, for guesses.
  [[nodiscard]] Outcome outcome_of(double score) const;
  /// An outcome that `judge` accepts, or one that it rejects, by little.
  [[nodiscard]] Outcome outcome_that(bool is_accepted) const;

 private:
  TraceEntry begin(Phase phase, const Candidate& candidate, const Outcome& outcome);

  std::map<std::string, double> weights_;
  double sign_ = 1.0;
  bool accepts_equal_ = false;
  bool fails_job_ = false;

  std::uint64_t next_number_ = 0;
  std::uint64_t judged_ = 0;  ///< that had something to compare with, failures included
  std::uint64_t accepted_ = 0;
  std::optional<double> best_;
  std::string last_failure_;
};

}  // namespace stockpot::soup
