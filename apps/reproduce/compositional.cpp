#include "compositional.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

#include "evaluation.hpp"
#include "flops.hpp"
#include "statistics.hpp"

namespace stockpot::reproduce {
namespace {

constexpr std::array<std::size_t, 5> model_counts{2, 3, 5, 10, constituent_cells};
/// Those whose behaviour with the number of models is shown; the first is table E4.
constexpr std::array<std::string_view, 5> counted_methods{"average", "task_arithmetic", "ties", "regmean",
                                                          "mats"};

std::vector<std::size_t> all_but_held_in() {
  return range(held_in_cells, domain_count * pair_count);
}

void add_scores(Results& results, const std::string& table, const std::string& method,
                const std::string& setting, const Scores& scores) {
  results.add(table, method, setting, "held_in", scores.held_in);
  results.add(table, method, setting, "generalization", scores.generalization);
}

/// Means over the constituents, each judged on its own cell and on those that are nobody's.
Scores score_single(comm::Communicator& world, const SeedCase& seed) {
  Scores sums;
  for (std::size_t cell = 0; cell < held_in_cells; ++cell) {
    const Scores own = score(world, seed.model(cell), seed, {cell}, all_but_held_in());
    sums.held_in += own.held_in / held_in_cells;
    sums.generalization += own.generalization / held_in_cells;
  }
  return sums;
}

/// Table E3 for what isn't merged.
void add_references(comm::Communicator& world, const SeedCase& seed, Results& results) {
  const std::vector<std::size_t> held_in = range(0, held_in_cells);
  add_scores(results, "E3", "pretrained", "", score(world, seed.anchor(), seed, held_in, all_but_held_in()));
  add_scores(results, "E3", "single", "", score_single(world, seed));
  add_scores(results, "E3", "multitask", "",
             score(world, seed.multitask(), seed, held_in, all_but_held_in()));
}

/// Tables E3 and E3b.
void merge_diagonal(comm::Communicator& world, const SeedCase& seed, const std::vector<MethodGrid>& grids,
                    Study& study) {
  const std::vector<std::size_t> held_in = range(0, held_in_cells);
  const std::filesystem::path out = seed.folder / "merged";
  std::array<Cost, 3> statistics{};  // by kind
  for (const Statistic kind : {Statistic::fisher, Statistic::gram}) {
    statistics[static_cast<std::size_t>(kind)] = collect_statistics(world, seed, held_in, kind);
  }
  for (std::size_t m = 0; m < grids.size(); ++m) {
    const std::vector<Outcome> outcomes = try_all(world, seed, grids[m], held_in, all_but_held_in(), out);
    add_scores(study.results, "E3", grids[m].name, "", best(outcomes).scores);
    study.methods[m].outcomes.push_back(outcomes);
    study.methods[m].statistics.push_back(statistics[static_cast<std::size_t>(grids[m].statistic)]);
  }
  for (const MethodRecord& record : study.methods) {
    if (record.name != "regmean") continue;
    for (const Outcome& outcome : record.outcomes.back()) {
      add_scores(study.results, "E3b", record.name, outcome.candidate.setting(), outcome.scores);
    }
  }
}

/// Mean over draws of a method's merge of so many models, hyperparameters chosen for each draw.
Scores score_count(comm::Communicator& world, const SeedCase& seed, const MethodGrid& grid, std::size_t count,
                   Effort effort) {
  const std::vector<std::size_t> unseen = range(constituent_cells, domain_count * pair_count);
  const bool several = effort == Effort::full && count < constituent_cells;
  const std::size_t draws = several ? draws_per_count : 1;
  Scores mean;
  for (std::size_t draw = 0; draw < draws; ++draw) {
    const std::vector<Outcome> outcomes =
        try_all(world, seed, grid, drawn_cells(seed.seed, count, draw), unseen, seed.folder / "numbers");
    const Scores& scores = best(outcomes).scores;
    mean.held_in += scores.held_in / static_cast<double>(draws);
    mean.generalization += scores.generalization / static_cast<double>(draws);
  }
  return mean;
}

/// Table E4: merges of more and more models, judged on their own cells and on those that none was trained on.
void merge_more(comm::Communicator& world, const SeedCase& seed, const std::vector<MethodGrid>& grids,
                Effort effort, Study& study) {
  collect_statistics(world, seed, range(held_in_cells, constituent_cells), Statistic::gram);
  for (const MethodGrid& grid : grids) {
    if (std::find(counted_methods.begin(), counted_methods.end(), grid.name) == counted_methods.end()) {
      continue;
    }
    Results& results = grid.name == counted_methods.front() ? study.results : study.other_numbers;
    for (const std::size_t count : model_counts) {
      add_scores(results, "E4", grid.name, fmt::format("n={}", count),
                 score_count(world, seed, grid, count, effort));
    }
  }
}

TrainingFlops training_flops_of(const std::vector<SeedCase>& seeds, Effort effort) {
  TrainingFlops mean;
  for (const SeedCase& seed : seeds) {
    for (std::size_t cell = 0; cell < held_in_cells; ++cell) {
      const std::uint64_t examples = seed.examples(cell, Split::training).labels.size();
      mean.multitask += training_flops(examples, fine_tuning(effort, seed.seed, cell).epochs) /
                        static_cast<double>(seeds.size());
    }
  }
  mean.ingredient = mean.multitask / held_in_cells;
  return mean;
}

}  // namespace

Study run_compositional(comm::Communicator& world, const StudyOptions& options) {
  std::vector<std::uint64_t> numbers(options.seeds);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
  std::vector<SeedCase> seeds;
  for (const std::uint64_t seed : numbers) seeds.emplace_back(seed, options.out);
  const std::vector<MethodGrid> grids = method_grids(options.effort);
  Study study{.results = Results("compositional", numbers),
              .other_numbers = Results("compositional", numbers),
              .methods = {},
              .training = training_flops_of(seeds, options.effort)};
  for (const MethodGrid& grid : grids)
    study.methods.push_back({.name = grid.name, .outcomes = {}, .statistics = {}});
  train_models(world, seeds, options.effort);
  for (const SeedCase& seed : seeds) {
    add_references(world, seed, study.results);
    merge_diagonal(world, seed, grids, study);
    merge_more(world, seed, grids, options.effort, study);
  }
  return study;
}

}  // namespace stockpot::reproduce
