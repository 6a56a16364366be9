#pragma once

#include <cstdint>
#include <functional>
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

/// Pruned ("subset") soups. The mean of all models is evaluated first. Then rounds: each model of the soup is
/// left out in turn, in recipe order; a soup is accepted if its score compares so with the best so far, that
/// of the same round included, so that the last accepted one of a round is its best; with it the next round
/// begins. Over when a round accepts none, when one model is left, or after `budget` evaluations. While no
/// score was usable yet, the first usable one is accepted. At most models (models + 1) / 2 evaluations.
std::unique_ptr<Search> make_subset_search(Referee referee, std::uint64_t models, std::uint64_t budget);

/// Candidates with parameters: `count` of them, by number. @pre count > 0; `candidate` has no side effects
std::unique_ptr<Search> make_listed_search(Referee referee, std::uint64_t count,
                                           std::function<Candidate(std::uint64_t)> candidate);

/// Every combination of the space's values, the last entry varying fastest. Throws Error{usage} if they can't
/// be counted.
std::unique_ptr<Search> make_grid_search(Referee referee, const std::vector<recipe::SpaceEntry>& space);

/// `budget` draws: uniform over a range, any value of a list alike. Draw n of an entry depends on the seed,
/// the entry's text and n alone: it has the 53 leading bits of words 2 n and 2 n + 1 of its sequence of
/// random numbers (random_key of the seed, "search" and the text).
std::unique_ptr<Search> make_random_search(Referee referee, const std::vector<recipe::SpaceEntry>& space,
                                           std::uint64_t budget, std::uint64_t seed);

/// CMA-ES of pagmo2 over the space (optimizer.hpp: make_evolution), at most `budget` evaluations. What was
/// evaluated before is not evaluated again: an algorithm that asks for it is answered, without a line in the
/// trace. A failure is as bad as the worst score known when its generation is complete. Over before the
/// budget is spent when lists leave nothing new.
std::unique_ptr<Search> make_cmaes_search(Referee referee, const std::vector<recipe::SpaceEntry>& space,
                                          std::uint64_t budget, std::uint64_t seed);

/// The same with NLopt's Subplex, from the space's middle: a local search without random numbers. Over before
/// the budget is spent when it has converged.
std::unique_ptr<Search> make_subplex_search(Referee referee, const std::vector<recipe::SpaceEntry>& space,
                                            std::uint64_t budget);

}  // namespace stockpot::soup
