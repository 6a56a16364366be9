#pragma once

#include <memory>
#include <vector>

#include "method/ranked_keep.hpp"
#include "stockpot/kernel/task_vectors.hpp"
#include "stockpot/method/survey.hpp"

namespace stockpot::method {

/// What is done to one model's task vector before it is summed: it is dropped or kept as it is, or thinned.
struct DellaRule {
  double weight = 1.0;
  bool drops_all = false;
  std::shared_ptr<const RankedKeep> keep;
  double factor = 1.0;
};

/// What DELLA needs of a tensor.
struct DellaTensor {
  kernel::TaskVectorForm form;
  std::vector<DellaRule> rules;  ///< by model
  bool divides = false;          ///< kept entries by their probability
  std::uint64_t block_elements = 1;
};

std::unique_ptr<ElementPass> make_della_pass(DellaTensor tensor);

/// Reads everything once for the factors of mergekit's rescaling.
std::unique_ptr<Survey> make_della_survey(const ScopeContext& scope, std::vector<DellaTensor> tensors);

}  // namespace stockpot::method
