#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/candidate_maker.hpp"
#include "stockpot/engine/merge_job.hpp"
#include "stockpot/engine/options.hpp"
#include "stockpot/soup/candidate.hpp"
#include "stockpot/soup/search.hpp"

namespace stockpot::soup {

/// Called on rank 0 for every line of the trace, as it is written.
using TraceSink = std::function<void(const TraceEntry&)>;

/// What a learned soup has learned.
struct LearnedWinner {
  std::map<std::string, std::vector<double>> coefficients;  ///< of the models, by tensor, layer or "model"
  double beta = 1.0;
};

/// What a finished search tells its caller.
struct SoupSummary {
  Candidate winner;                      ///< empty for a learned soup
  std::optional<LearnedWinner> learned;  ///< of a learned soup alone
  std::optional<double> score;           ///< of the winner, on the search's data
  std::uint64_t evaluations = 0;         ///< lines of the trace
  std::uint64_t remembered = 0;          ///< of these, that an earlier run had made
  double search_seconds = 0.0;           ///< from the recipe to the winner
  engine::CandidateCounters held;        ///< by rank 0
  engine::MergeSummary merge;
};

/// Collective. Runs the search that a recipe's `search:` and `evaluate:` describe over resident models,
/// writes `soup_trace.jsonl` while it goes on, and merges the winner into `options.output`, which then holds
/// the trace and the evaluators' logs too. Trace (but for seconds and workers) and output do not depend on
/// ranks, threads and the number of evaluators. With `options.existing == resume` what the trace of a stopped
/// search knows is not evaluated again. Throws on every rank alike, as run_merge; Error{stopped} after a stop
/// request, Error{input} where no candidate has a usable score.
SoupSummary run_soup(comm::Communicator& world, const std::filesystem::path& recipe,
                     const engine::RunOptions& options, const TraceSink& told = {});

}  // namespace stockpot::soup
