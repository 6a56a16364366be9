#include "stockpot/plan/grid_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::plan {
namespace {

/// Predictions nearer than this are equal.
constexpr double equal_share = 0.02;

std::uint64_t exchanged_bytes(const std::vector<RankForecast>& ranks) {
  std::uint64_t total = 0;
  for (const RankForecast& rank : ranks) total += rank.traffic.exchanged_bytes;
  return total;
}

void add_candidates(std::vector<GridCandidate>& tried, const MergePlan& plan, const ModelSet& models,
                    Machine machine) {
  const std::vector<RankForecast> ranks = forecast(plan, models);
  for (const RankOrder order : {RankOrder::block, RankOrder::cyclic}) {
    machine.order = order;
    const bool is_local = machine.storage == Storage::node_local;
    if (order == RankOrder::cyclic && (!is_local || machine.nodes == 1)) break;
    tried.push_back({plan.grid, order, predict(plan, ranks, machine), exchanged_bytes(ranks),
                     is_local ? copies_of_models(machine, plan.grid) : 0});
  }
}

const GridCandidate& best_of(const std::vector<GridCandidate>& tried) {
  const std::uint64_t copies = std::min_element(tried.begin(), tried.end(), [](const auto& a, const auto& b) {
                                 return a.copies < b.copies;
                               })->copies;
  double fastest = 0.0;
  for (const GridCandidate& candidate : tried) {
    const double seconds = candidate.prediction.seconds();
    if (candidate.copies == copies && (fastest == 0.0 || seconds < fastest)) fastest = seconds;
  }
  const GridCandidate* best = nullptr;
  const auto rank = [](const GridCandidate& c) { return std::tuple(c.exchanged_bytes, c.order); };
  for (const GridCandidate& candidate : tried) {
    const bool is_slow = candidate.prediction.seconds() > fastest * (1.0 + equal_share);
    if (candidate.copies != copies || is_slow) continue;
    if (best == nullptr || rank(candidate) < rank(*best)) best = &candidate;
  }
  return *best;
}

std::string reason(const GridCandidate& best, const std::vector<GridCandidate>& tried,
                   const Machine& machine) {
  if (machine.storage == Storage::shared) {
    if (best.grid.columns == 1) return "every rank sees every model, so one column exchanges nothing";
    return fmt::format("{} columns spread the reading more evenly than one does ({:.3g} s)",
                       best.grid.columns, tried.front().prediction.seconds());
  }
  if (machine.nodes == 1) return "one node holds every model";
  if (best.copies > 1) {
    return fmt::format("no grid of {} ranks keeps each model on one of the {} nodes, so each lies on {}",
                       best.grid.ranks(), machine.nodes, best.copies);
  }
  const auto alike = std::count_if(tried.begin(), tried.end(), [&](const GridCandidate& candidate) {
    return candidate.copies == best.copies && candidate.grid.columns != best.grid.columns;
  });
  return fmt::format("all ranks of a column share a node, so each model lies on one node only{}",
                     alike == 0 ? "" : fmt::format(", and of the {} such grids none is better", alike + 1));
}

}  // namespace

GridChoice recommend_grid(const recipe::Recipe& recipe, const method::Method& method,
                          const ResolvedMerge& resolved, const ModelSet& models, const PlanOptions& options,
                          const Machine& machine) {
  const std::uint64_t ranks = options.grid.ranks();
  GridChoice choice;
  std::optional<Error> refused;
  for (std::uint64_t columns = 1; columns <= std::min<std::uint64_t>(ranks, checkpoint_count(models));
       ++columns) {
    if (ranks % columns != 0) continue;
    PlanOptions candidate = options;
    candidate.grid = {ranks / columns, columns};
    try {
      const MergePlan plan = make_plan(recipe, method, resolved, models, candidate);
      add_candidates(choice.tried, plan, models, machine);
    } catch (const Error& error) {
      if (error.code() != ExitCode::usage) throw;
      refused = error;
    }
  }
  if (choice.tried.empty()) {
    throw refused.value_or(Error(ExitCode::usage, "a recipe without models has no grid"));
  }
  choice.best = best_of(choice.tried);
  choice.machine = machine;
  choice.machine.order = choice.best.order;
  const Prediction& prediction = choice.best.prediction;
  choice.why = fmt::format("{}: {:.3g} s, bound by {}", reason(choice.best, choice.tried, machine),
                           prediction.seconds(), name(prediction.bound));
  return choice;
}

std::string srun_option(RankOrder order) {
  return order == RankOrder::cyclic ? "--distribution=cyclic" : "--distribution=block";
}

std::string mpirun_option(RankOrder order) {
  return order == RankOrder::cyclic ? "--map-by node" : "--map-by slot";
}

std::string describe(const GridChoice& choice) {
  const GridCandidate& best = choice.best;
  std::string text =
      fmt::format("recommended: --grid {}x{} ({})\n", best.grid.rows, best.grid.columns, choice.why);
  text += fmt::format(
      "  busy: shared storage {:.3g} s, network {:.3g} s, local disks {:.3g} s, compute {:.3g} s\n",
      best.prediction.of(Resource::storage), best.prediction.of(Resource::network),
      best.prediction.of(Resource::disk), best.prediction.of(Resource::compute));
  text += fmt::format("  start: srun {} or mpirun {}; {} exchanged", srun_option(best.order),
                      mpirun_option(best.order), format_size(best.exchanged_bytes));
  if (best.copies > 0)
    text += fmt::format("; each model on {} node{}", best.copies, best.copies == 1 ? "" : "s");
  return text + "\n";
}

}  // namespace stockpot::plan
