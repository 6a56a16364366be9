#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "soup/referee.hpp"
#include "stockpot/soup/search.hpp"

namespace stockpot::soup {

/// 0, 1, ..., models - 1.
std::vector<std::uint64_t> all_models(std::uint64_t models);

/// One evaluation, of the mean of all models. Throws Error{input} if it fails.
std::unique_ptr<Search> make_uniform_search(Referee referee, std::uint64_t models);

/// Model Soups (Wortsman et al. 2022), recipe 1 as their code has it. Rank phase: every model alone, in
/// recipe order; those that fail are out. Then in falling score (among equals the model listed last first, or
/// the one listed first without `last_first`): the best is the first ingredient, each other is tried once,
/// and stays if the score of the soup with it is accepted.
std::unique_ptr<Search> make_greedy_search(Referee referee, std::uint64_t models, bool last_first);

}  // namespace stockpot::soup
