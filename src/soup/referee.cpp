#include "soup/referee.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "stockpot/base/error.hpp"

namespace stockpot::soup {
namespace {

std::string describe(const Candidate& candidate) {
  if (candidate.parameters.empty()) {
    return fmt::format("{} {}", candidate.ingredients.size() == 1 ? "model" : "models",
                       fmt::join(candidate.ingredients, ", "));
  }
  std::string text;
  for (const auto& [name, value] : candidate.parameters) {
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", name, value);
  }
  return text;
}

Outcome failed_for(std::string reason, const Outcome& outcome) {
  Outcome failed = outcome;
  failed.metrics.clear();
  failed.failure = std::move(reason);
  return failed;
}

}  // namespace

Referee::Referee(const recipe::Search& search, const recipe::Evaluate& evaluate)
    : weights_(evaluate.metrics),
      sign_(evaluate.minimizes ? -1.0 : 1.0),
      accepts_equal_(search.accepts_equal),
      fails_job_(evaluate.fails_job) {}

TraceEntry Referee::begin(Phase phase, const Candidate& candidate, const Outcome& outcome) {
  TraceEntry entry;
  entry.number = next_number_++;
  entry.phase = phase;
  entry.candidate = candidate;
  entry.outcome = outcome;
  double sum = 0.0;
  for (const auto& [name, weight] : weights_) {
    if (!entry.outcome.is_usable()) break;
    const auto metric = outcome.metrics.find(name);
    if (metric == outcome.metrics.end()) {
      entry.outcome = failed_for("metric: " + name + " is missing", outcome);
    } else {
      sum += weight * metric->second;
    }
  }
  if (entry.outcome.is_usable() && !std::isfinite(sum)) {
    entry.outcome = failed_for("metric: the score is not finite", outcome);
  }
  if (entry.outcome.is_usable()) {
    entry.score = sign_ * sum;
  } else {
    entry.outcome.metrics.clear();
    entry.decision = Decision::failed;
    entry.reason = last_failure_ = entry.outcome.failure;
    if (fails_job_) {
      throw Error(ExitCode::input, fmt::format("candidate {} ({}) has no score: {}", entry.number,
                                               describe(candidate), quote(entry.reason)));
    }
  }
  entry.best = best_;
  return entry;
}

TraceEntry Referee::judge(Phase phase, const Candidate& candidate, const Outcome& outcome) {
  TraceEntry entry = begin(phase, candidate, outcome);
  if (best_) ++judged_;
  if (!entry.score) return entry;
  const double score = *entry.score;
  if (!best_) {
    entry.decision = Decision::accepted;
    entry.reason = "the first score";
  } else if (accepts_equal_ ? score >= *best_ : score > *best_) {
    entry.decision = Decision::accepted;
    entry.reason = fmt::format("{} {} {}", score, accepts_equal_ ? ">=" : ">", *best_);
    ++accepted_;
  } else {
    entry.decision = Decision::rejected;
    entry.reason = fmt::format("{} {} {}", score, accepts_equal_ ? "<" : "<=", *best_);
  }
  if (entry.decision == Decision::accepted) best_ = score;
  entry.best = best_;
  return entry;
}

TraceEntry Referee::rank(const Candidate& candidate, const Outcome& outcome) {
  TraceEntry entry = begin(Phase::rank, candidate, outcome);
  if (!entry.score) return entry;
  entry.decision = Decision::ranked;
  entry.reason = "scored alone";
  best_ = best_ ? std::max(*best_, *entry.score) : *entry.score;
  entry.best = best_;
  return entry;
}

void Referee::require_score() const {
  if (best_) return;
  throw Error(ExitCode::input,
              fmt::format("no candidate has a usable score ({} failed evaluations; the last: {})",
                          next_number_, quote(last_failure_)));
}

Outcome Referee::outcome_of(double score) const {
  Outcome outcome;
  bool is_placed = false;
  for (const auto& [name, weight] : weights_) {
    const bool carries = !is_placed && weight != 0.0;
    outcome.metrics[name] = carries ? sign_ * score / weight : 0.0;
    is_placed = is_placed || carries;
  }
  return outcome;
}

Outcome Referee::outcome_that(bool is_accepted) const {
  if (!best_) return outcome_of(0.0);
  const double step = 1e-9 * (1.0 + std::abs(*best_));
  return outcome_of(is_accepted ? *best_ + step : *best_ - step);
}

}  // namespace stockpot::soup
