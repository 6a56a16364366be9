#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stockpot/plan/grid_choice.hpp"
#include "stockpot/plan/merge_plan.hpp"

namespace stockpot::plan {

/// The document of `stockpot plan --json`. Without a plan (some problem is an error) only the problems; with
/// a choice of grid also that, as `recommended`.
std::string report_json(const std::vector<recipe::Problem>& problems, const std::optional<MergePlan>& plan,
                        const ModelSet& models, bool effective,
                        const std::optional<GridChoice>& choice = std::nullopt);

/// The same for people: totals, the heaviest ranks, output files; with `effective` the parameters of every
/// tensor.
std::string report_text(const MergePlan& plan, const ModelSet& models, bool effective);

}  // namespace stockpot::plan
