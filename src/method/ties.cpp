#include <algorithm>
#include <memory>
#include <vector>

#include "method/majority_stage.hpp"
#include "method/rescale_stage.hpp"
#include "method/sparse_survey.hpp"
#include "method/task_vector_schema.hpp"
#include "method/trimmed_ranks.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::method {
namespace {

/// TIES (Yadav et al. 2023): trim each task vector to its largest magnitudes, elect a sign for every element,
/// merge what agrees.
/// mergekit: weighted votes, a zero sum elects +. paper (src/utils/merge_utils.py): trimmed over the whole
/// model; unweighted votes, a zero sum elects the majority's sign; the mean of what agrees.
class Ties : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = [] {
      recipe::ParameterSpec weight = weight_parameter();
      weight.paper_default = 1.0;
      recipe::ParameterSpec density = density_parameter("share of entries kept");
      density.paper_default = 0.2;
      return task_vector_schema(
          "ties", "trim, elect signs, merge what agrees",
          {weight, density, lambda_parameter(), normalize_parameter(true), rescale_parameter(false)});
    }();
    return schema;
  }

  Claims claims() const override { return {.idempotent = true}; }
  recipe::Scope default_scope(recipe::Semantics semantics) const override {
    return semantics == recipe::Semantics::paper ? recipe::Scope::model : recipe::Scope::tensor;
  }

  bool needs_survey(const TensorContext& tensor) const override {
    if (is_paper(tensor)) return true;
    const std::vector<double> densities = tensor.values.of_models("density");
    return std::any_of(densities.begin(), densities.end(), [](double density) { return density < 1.0; });
  }
  SurveyCost survey_cost(const TensorContext& tensor) const override {
    SurveyCost cost = selection_cost(tensor.models, !is_paper(tensor));
    if (is_paper(tensor)) {
      ++cost.passes;
      cost.reductions.push_back(majority_reduction());
    } else if (tensor.values.flag("rescale")) {
      add_leaf_sums(cost, rescale_width(tensor.models));
    }
    return cost;
  }

  std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    const bool paper = is_paper(scope.tensors.front());
    const std::uint64_t elements = scope.elements();
    SparseSurvey wanted;
    for (const double density : of_scope(scope, "density")) {
      wanted.kept_ranks.push_back(trimmed_ranks(density, elements, scope.tensors.front().semantics));
    }
    wanted.keeps_all_ties = paper;
    wanted.elects_majority = paper;
    wanted.rescales = !paper && scope.tensors.front().values.flag("rescale");
    wanted.rules = rules;
    wanted.form = form;
    if (paper) check_weights(scope);
    return make_sparse_survey(scope, std::move(wanted));
  }
  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    return make_task_vector_pass(form(tensor), rules(tensor));
  }

 private:
  static bool is_paper(const TensorContext& tensor) { return tensor.semantics == recipe::Semantics::paper; }

  static void check_weights(const ScopeContext& scope) {
    for (const TensorContext& tensor : scope.tensors) {
      const std::vector<double> weights = tensor.values.of_models("weight");
      if (std::all_of(weights.begin(), weights.end(), [](double weight) { return weight == 1.0; })) continue;
      throw Error(ExitCode::usage, "ties with semantics: paper has no weights (each must be 1)",
                  {"", tensor.name});
    }
  }

  static std::vector<SparseRule> rules(const TensorContext& tensor) {
    std::vector<SparseRule> rules(tensor.models);
    const std::vector<double> weights = tensor.values.of_models("weight");
    for (std::size_t i = 0; i < rules.size(); ++i) rules[i].weight = weights[i];
    return rules;
  }
  static kernel::TaskVectorForm form(const TensorContext& tensor) {
    kernel::TaskVectorForm form = electing_form(tensor);
    if (!is_paper(tensor)) return form;
    form.election = kernel::Election::unweighted;
    form.divisor_rule = kernel::Divisor::contributing_weights;
    return form;
  }
};

}  // namespace

std::unique_ptr<Method> make_ties();
std::unique_ptr<Method> make_ties() {
  return std::make_unique<Ties>();
}

}  // namespace stockpot::method
