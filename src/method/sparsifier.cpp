#include "method/sparsifier.hpp"

#include <utility>

#include "method/random_keep.hpp"
#include "method/rescale_stage.hpp"
#include "method/sparse_survey.hpp"
#include "method/trimmed_ranks.hpp"

namespace stockpot::method {
namespace {

bool is_paper(const TensorContext& tensor) {
  return tensor.semantics == recipe::Semantics::paper;
}

bool thins(double density) {
  return density > 0.0 && density < 1.0;
}

/// DARE's rule before a survey; that of everything kept for TIES.
std::vector<SparseRule> rules_of(const recipe::Sparsify& how, const TensorContext& tensor) {
  SparseRule rule;
  if (how.method == recipe::Sparsify::Method::dare) {
    rule.drops_all = how.density <= 0.0;
    if (thins(how.density)) {
      rule.keep = std::make_shared<RandomKeep>(tensor, 0, how.density);
      if (how.rescale && is_paper(tensor)) rule.divisor = how.density;
    }
  }
  return {std::move(rule)};
}

}  // namespace

TensorContext only_model(const TensorContext& tensor, std::size_t model) {
  TensorContext alone = tensor;
  alone.models = 1;
  alone.model_names = {tensor.model_names[model]};
  return alone;
}

recipe::Scope Sparsifier::scope(recipe::Semantics semantics) const {
  const bool trims_model =
      how_.method == recipe::Sparsify::Method::ties && semantics == recipe::Semantics::paper;
  return how_.scope.value_or(trims_model ? recipe::Scope::model : recipe::Scope::tensor);
}

bool Sparsifier::needs_survey(const TensorContext& tensor) const {
  if (how_.method == recipe::Sparsify::Method::ties) return how_.density < 1.0;
  return how_.rescale && !is_paper(tensor) && thins(how_.density);
}

bool Sparsifier::adds_leaves(const TensorContext& tensor) const {
  return how_.method == recipe::Sparsify::Method::dare && needs_survey(tensor);
}

SurveyCost Sparsifier::survey_cost(const TensorContext& tensor) const {
  if (how_.method == recipe::Sparsify::Method::ties) return selection_cost(tensor.models, !is_paper(tensor));
  return {.reductions = {{.leaf_width = rescale_width(tensor.models)}}};
}

std::unique_ptr<Survey> Sparsifier::survey(const ScopeContext& scope) const {
  const recipe::Semantics semantics = scope.tensors.front().semantics;
  SparseSurvey wanted;
  if (how_.method == recipe::Sparsify::Method::ties) {
    wanted.kept_ranks = {trimmed_ranks(how_.density, scope.elements(), semantics)};
    wanted.keeps_all_ties = semantics == recipe::Semantics::paper;
  } else {
    wanted.rescales = true;
  }
  wanted.rules = [how = how_](const TensorContext& tensor) { return rules_of(how, tensor); };
  wanted.form = [](const TensorContext&) { return kernel::TaskVectorForm{}; };
  return make_sparse_survey(scope, std::move(wanted));
}

std::unique_ptr<ElementPass> Sparsifier::pass(const TensorContext& tensor) const {
  return make_task_vector_pass({}, rules_of(how_, tensor));
}

}  // namespace stockpot::method
