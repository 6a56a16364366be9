#pragma once

#include <memory>
#include <vector>

#include "stockpot/method/survey.hpp"
#include "stockpot/recipe/recipe.hpp"

namespace stockpot::method {

/// Thins the task vector of one model: what `sparsify:` says, done by the rules of the methods TIES and DARE.
class Sparsifier {
 public:
  explicit Sparsifier(const recipe::Sparsify& how) : how_(how) {}

  /// Over what thresholds and norms are taken.
  [[nodiscard]] recipe::Scope scope(recipe::Semantics semantics) const;
  [[nodiscard]] bool needs_survey(const TensorContext& tensor) const;
  /// True if the survey adds up leaves, so that tiles must not cut them.
  [[nodiscard]] bool adds_leaves(const TensorContext& tensor) const;
  /// Of all models together. @pre needs_survey
  [[nodiscard]] SurveyCost survey_cost(const TensorContext& tensor) const;

  /// Of one model alone, the only one of `scope`. @pre needs_survey of its tensors
  [[nodiscard]] std::unique_ptr<Survey> survey(const ScopeContext& scope) const;
  /// b + s of the only model of `tensor`. @pre not needs_survey(tensor)
  [[nodiscard]] std::unique_ptr<ElementPass> pass(const TensorContext& tensor) const;

 private:
  recipe::Sparsify how_;
};

/// The same tensor with one of its models alone.
TensorContext only_model(const TensorContext& tensor, std::size_t model);

}  // namespace stockpot::method
