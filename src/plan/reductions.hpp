#pragma once

#include <vector>

#include "stockpot/plan/merge_plan.hpp"

namespace stockpot::plan {

/// Adds to every rank's traffic what it gives to the reductions of the scopes that it shares, and what it
/// gets of them. Exact for sums and counts; of selections, whose data decide how often they look, the most.
/// Cost: O(units of the surveyed tensors) at most.
void add_reductions(std::vector<RankForecast>& ranks, const MergePlan& plan, const ModelSet& models);

}  // namespace stockpot::plan
