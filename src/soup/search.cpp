#include "stockpot/soup/search.hpp"

#include <stdexcept>
#include <unordered_set>

#include "soup/searches.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::soup {

std::unique_ptr<Search> make_search(const recipe::Search& search, const recipe::Evaluate& evaluate,
                                    std::uint64_t models, std::uint64_t seed) {
  if (models == 0) throw Error(ExitCode::usage, "a search needs models");
  const Referee referee(search, evaluate);
  switch (search.strategy) {
    case recipe::Strategy::uniform:
      return make_uniform_search(referee, models);
    case recipe::Strategy::greedy:
      return make_greedy_search(referee, models, search.last_first);
    case recipe::Strategy::subset:
      return make_subset_search(referee, models, search.budget);
    case recipe::Strategy::grid:
      return make_grid_search(referee, search.space);
    case recipe::Strategy::random:
      return make_random_search(referee, search.space, search.budget, seed);
    case recipe::Strategy::cmaes:
      return make_cmaes_search(referee, search.space, search.budget, seed);
    case recipe::Strategy::nlopt:
      return make_subplex_search(referee, search.space, search.budget);
    case recipe::Strategy::learned:
      throw Error(ExitCode::usage, "a learned soup is no sequence of independent evaluations");
  }
  throw std::logic_error("unknown search strategy");
}

std::vector<Foreseen> foresee(const Search& search, std::size_t count,
                              const std::function<const Outcome*(const Foreseen&)>& known) {
  std::vector<Foreseen> candidates;
  std::unordered_set<std::string> keys;
  const std::unique_ptr<Search> ahead = search.clone();
  for (std::uint64_t steps = 0; candidates.size() < count; ++steps) {
    const std::optional<Candidate> candidate = ahead->next();
    if (!candidate) break;
    std::optional<Outcome> outcome;
    if (const Outcome* const found = known({*candidate, steps})) {
      outcome = *found;
    } else {
      if (keys.insert(candidate->key()).second) candidates.push_back({*candidate, steps});
      outcome = ahead->guess();
    }
    if (!outcome) break;
    try {
      ahead->take(*outcome);
    } catch (const Error&) {
      break;  // the search will end here, or its guess was no good: nothing later is known
    }
  }
  return candidates;
}

}  // namespace stockpot::soup
