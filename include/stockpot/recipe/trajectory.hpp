#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "stockpot/recipe/recipe.hpp"

namespace stockpot::recipe {

/// Weights of the checkpoints of a trajectory, oldest first, summing to 1 up to rounding. `uniform`: 1/K;
/// `linear`: j + 1; `minus_sqrt`: sqrt((j+1)/K) - sqrt(j/K); the latter two divided by their sum, which is
/// taken in order. Empty for no checkpoints.
std::vector<double> expand_schedule(Schedule schedule, std::size_t checkpoints);

/// Which of a glob's matches take part, oldest first: natural order, every n-th counted back from the newest,
/// then the last k of those.
std::vector<std::string> select_trajectory(std::vector<std::string> matches, const Trajectory& trajectory);

}  // namespace stockpot::recipe
