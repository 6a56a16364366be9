#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "stockpot/base/error.hpp"
#include "stockpot/engine/options.hpp"
#include "stockpot/plan/grid_choice.hpp"
#include "stockpot/plan/merge_plan.hpp"

namespace stockpot::engine {

/// What `stockpot plan` finds out: everything wrong at once, and the plan if nothing is.
struct PlannedMerge {
  std::vector<recipe::Problem> problems;
  std::optional<plan::MergePlan> plan;
  std::optional<plan::GridChoice> choice;  ///< the grid that suits the machine, if one was described
  plan::ModelSet models;
  ExitCode code = ExitCode::success;  ///< usage if the recipe is at fault, input if models are
};

/// Local (one process, any number of planned ranks). Reads the recipe and headers only, throws nothing for
/// what is wrong with either.
PlannedMerge plan_recipe(const std::filesystem::path& recipe, const RunOptions& options,
                         const std::optional<plan::Machine>& machine = std::nullopt);

}  // namespace stockpot::engine
