#include "grid_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "evaluation.hpp"
#include "flops.hpp"
#include "merging.hpp"
#include "recipe_text.hpp"
#include "stockpot/engine/merge_job.hpp"

namespace stockpot::reproduce {
namespace {

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Collective.
Cost measured_merge(comm::Communicator& world, const SeedCase& seed, const std::string& recipe,
                    const std::filesystem::path& out) {
  const std::filesystem::path path = place_recipe(world, recipe, out);
  return measure(world, [&] { engine::merge_recipe(world, path, job_options(world, seed.seed, out)); });
}

}  // namespace

Scores score(comm::Communicator& world, const std::filesystem::path& model, const SeedCase& seed,
             const std::vector<std::size_t>& held_in, const std::vector<std::size_t>& others) {
  return {.validation = mean(accuracies(world, model, seed, Split::validation, held_in)),
          .held_in = mean(accuracies(world, model, seed, Split::test, held_in)),
          .generalization = mean(accuracies(world, model, seed, Split::test, others))};
}

std::vector<Outcome> try_all(comm::Communicator& world, const SeedCase& seed, const MethodGrid& grid,
                             const std::vector<std::size_t>& held_in, const std::vector<std::size_t>& others,
                             const std::filesystem::path& out) {
  std::vector<Outcome> outcomes;
  for (std::size_t c = 0; c < grid.candidates.size(); ++c) {
    const Candidate& candidate = grid.candidates[c];
    const std::filesystem::path folder = out / fmt::format("{}-{}", grid.name, c);
    Outcome outcome{.candidate = candidate, .scores = {}, .cost = {}};
    outcome.cost = measured_merge(world, seed, recipe_text(seed, held_in, grid, candidate), folder);
    outcome.cost.flops = merge_flops(grid, candidate, held_in.size());
    outcome.scores = score(world, folder, seed, held_in, others);
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

const Outcome& best(const std::vector<Outcome>& outcomes) {
  return *std::max_element(outcomes.begin(), outcomes.end(), [](const Outcome& a, const Outcome& b) {
    return a.scores.validation < b.scores.validation;
  });
}

}  // namespace stockpot::reproduce
