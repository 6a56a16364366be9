#pragma once

#include "soup/director.hpp"
#include "soup/evaluation_desk.hpp"
#include "soup/variants.hpp"
#include "stockpot/engine/options.hpp"

namespace stockpot::soup {

/// Collective. Forms candidates and has them evaluated, each as soon as an evaluator is free, until the
/// search is over. `director`: rank 0's; null elsewhere. Throws on every rank alike: what forming and
/// evaluating throws, what ends a search, Error{stopped} after a stop request.
void run_search(comm::Communicator& world, Director* director, engine::CandidateMaker& maker,
                const Variants& variants, EvaluationDesk& desk, const engine::RunOptions& options);

/// Collective. One evaluation, by the first evaluator. Throws likewise.
Outcome evaluate_once(comm::Communicator& world, const engine::Variant& variant, std::uint64_t number,
                      engine::CandidateMaker& maker, EvaluationDesk& desk, const engine::RunOptions& options);

}  // namespace stockpot::soup
