#pragma once

#include <string>
#include <vector>

#include "method_grids.hpp"
#include "models.hpp"

namespace stockpot::reproduce {

/// Where a cell's statistics lie, fisher or gram. @pre statistic != Statistic::none
std::filesystem::path statistics_path(const SeedCase& seed, std::size_t cell, Statistic statistic);

/// A recipe that merges the models of these cells by their papers' definitions; the head, which all models
/// share, is left as it is. Models are named after their cells, so that random numbers don't depend on where
/// files lie.
std::string recipe_text(const SeedCase& seed, const std::vector<std::size_t>& cells, const MethodGrid& grid,
                        const Candidate& candidate);

}  // namespace stockpot::reproduce
