#include "soup/referee.hpp"
#include "stockpot/soup/search.hpp"

namespace stockpot::soup {

TraceEntry final_entry(const recipe::Evaluate& evaluate, const Candidate& candidate, const Outcome& outcome,
                       std::optional<double> best) {
  TraceEntry entry = Referee(recipe::Search{}, evaluate).rank(candidate, outcome);
  entry.phase = Phase::final;
  if (entry.decision == Decision::ranked) {
    entry.decision = Decision::final;
    entry.reason = "reported";
  }
  entry.best = best;
  return entry;
}

}  // namespace stockpot::soup
