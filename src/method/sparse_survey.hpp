#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "method/sparse_rule.hpp"
#include "method/survey_stage.hpp"
#include "stockpot/method/survey.hpp"
#include "stockpot/stats/counts.hpp"

namespace stockpot::method {

/// One rule per model, and the form, as far as they are known without a survey.
using RulesOf = std::function<std::vector<SparseRule>(const TensorContext&)>;
using FormOf = std::function<kernel::TaskVectorForm(const TensorContext&)>;

/// How a method of the task-vector family looks at a scope before it sums. Each stage is one more reading of
/// everything; the later ones see what the earlier ones keep.
struct SparseSurvey {
  /// By model: the ranks, in ascending order of magnitude over the scope, of what is kept; none: everything.
  /// Of equal magnitudes those with the lowest positions are kept.
  std::vector<std::optional<stats::RankRange>> kept_ranks;
  /// All ties of the smallest magnitude kept are kept (TIES, paper).
  bool keeps_all_ties = false;
  /// Kept entries are multiplied by |d|_1 / |kept d|_1 of the scope, where neither is below 1e-7 (mergekit).
  bool rescales = false;
  /// The elected sign of a zero sum is the majority's over the scope, a tie there is + (TIES, paper).
  bool elects_majority = false;
  RulesOf rules;
  FormOf form;
};

/// What finding so many thresholds costs: a sample, one reading, and memory for candidates.
inline SurveyCost selection_cost(std::size_t thresholds, bool locates_ties) {
  return {.passes = 1,
          .samples = 1,
          .memory_bytes = std::uint64_t{64} << 20,
          .reductions = {{.queries = thresholds, .locates_ties = locates_ties}}};
}
/// What a stage costs that reads everything once more and adds up so many numbers of each leaf.
inline void add_leaf_sums(SurveyCost& cost, std::uint64_t width) {
  ++cost.passes;
  cost.reductions.push_back({.leaf_width = width});
}

std::unique_ptr<Survey> make_sparse_survey(const ScopeContext& scope, SparseSurvey wanted);
/// A survey that goes through these stages.
std::unique_ptr<Survey> make_staged_survey(const ScopeContext& scope,
                                           std::vector<std::unique_ptr<SurveyStage>> stages,
                                           const RulesOf& rules, FormOf form);

}  // namespace stockpot::method
