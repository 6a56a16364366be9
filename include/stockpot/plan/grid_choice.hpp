#pragma once

#include <string>
#include <vector>

#include "stockpot/plan/cost_model.hpp"

namespace stockpot::plan {

/// One way to place a merge on a machine.
struct GridCandidate {
  GridShape grid;
  RankOrder order = RankOrder::block;
  Prediction prediction;
  std::uint64_t exchanged_bytes = 0;  ///< sent by all ranks together
  std::uint64_t copies = 0;           ///< nodes on which each model must lie; 0 where storage is shared
};

struct GridChoice {
  GridCandidate best;
  std::vector<GridCandidate> tried;  ///< by columns
  Machine machine;                   ///< with the best's order of ranks
  std::string why;                   ///< one sentence
};

/// Tries every grid of `options.grid.ranks()` ranks whose columns are at most the models, with shared storage
/// in blocks of ranks, else in both orders. Picks the fewest copies of models, of those the fastest and,
/// among predictions within 2 % of it, which the model can't tell apart, the fewest exchanged bytes.
/// Candidates that don't fit `options.memory_bytes` are left out; Error{usage} when none fits or there are
/// more nodes than ranks. Pure. Cost: a plan and a forecast for each grid.
GridChoice recommend_grid(const recipe::Recipe& recipe, const method::Method& method,
                          const ResolvedMerge& resolved, const ModelSet& models, const PlanOptions& options,
                          const Machine& machine);

/// What the launchers call an order of ranks.
std::string srun_option(RankOrder order);
std::string mpirun_option(RankOrder order);

/// For people: the choice, why, and how to start it.
std::string describe(const GridChoice& choice);

}  // namespace stockpot::plan
