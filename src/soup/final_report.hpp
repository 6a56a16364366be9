#pragma once

#include <cstdint>
#include <vector>

#include "soup/evaluation_desk.hpp"
#include "soup/variants.hpp"
#include "stockpot/recipe/search.hpp"
#include "stockpot/soup/candidate.hpp"

namespace stockpot::soup {

/// A model that `final` evaluates.
struct ReportedModel {
  recipe::Reported what = recipe::Reported::winner;
  Candidate candidate;  ///< of an ensemble its ingredients: all models where the winner has none
};

/// What `final` asks for, in the order of its lines in the trace; how many doesn't depend on the winner.
std::vector<ReportedModel> reported_models(const recipe::Evaluate& final, const Candidate& winner,
                                           std::uint64_t models);

/// Collective. The probe's metrics of the mean of the ingredients' logits, each model rounded as it would be
/// written. One ingredient's candidate is in memory at a time. Throws as forming and probes do, and
/// Error{stopped}.
Outcome evaluate_ensemble(comm::Communicator& world, const recipe::Evaluate& evaluate,
                          const std::vector<std::uint64_t>& ingredients, const Variants& variants,
                          engine::CandidateMaker& maker, const engine::RunOptions& options);

}  // namespace stockpot::soup
