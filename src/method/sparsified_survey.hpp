#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "method/sparsifier.hpp"
#include "stockpot/method/survey.hpp"

namespace stockpot::method {

/// A method and how the models are thinned before it sees them.
struct SparsifiedMerge {
  const Method& inner;
  Sparsifier sparsifier;
  std::optional<recipe::Scope> scope;  ///< of the method, as the recipe says

  [[nodiscard]] TensorContext as_inner_sees(TensorContext tensor) const;
  /// What the method surveys the tensor together with.
  [[nodiscard]] recipe::Scope inner_scope(const TensorContext& tensor) const;
  /// The same for both together: the larger of their scopes.
  [[nodiscard]] recipe::Scope scope_of_survey(const TensorContext& tensor) const;
  [[nodiscard]] SurveyCost survey_cost(const TensorContext& tensor) const;
};

/// The apply step of `inner` on thinned models. `parts`: what makes each of them.
std::unique_ptr<ElementPass> make_sparsified_pass(std::vector<std::unique_ptr<ElementPass>> parts,
                                                  std::unique_ptr<ElementPass> inner, bool sees_anchor);

/// First what the thinning must know, model by model, each over its own scope; then what the method surveys,
/// on thinned models. `merge` must live as long.
std::unique_ptr<Survey> make_sparsified_survey(const ScopeContext& scope, const SparsifiedMerge& merge);

}  // namespace stockpot::method
