#include "method/breadcrumbs_family.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "method/rescale_stage.hpp"
#include "method/sparse_survey.hpp"
#include "method/task_vector_schema.hpp"

namespace stockpot::method {
namespace {

class Breadcrumbs : public Method {
 public:
  Breadcrumbs(std::string name, std::string summary, bool elects) : elects_(elects) {
    recipe::ParameterSpec gamma = density_parameter("share of the largest magnitudes dropped");
    gamma.name = "gamma";
    gamma.default_value = 0.01;
    schema_ = task_vector_schema(std::move(name), std::move(summary),
                                 {weight_parameter(), density_parameter("share of entries kept"), gamma,
                                  lambda_parameter(), normalize_parameter(false), rescale_parameter(false)});
  }

  const recipe::MethodSchema& schema() const override { return schema_; }
  Claims claims() const override { return {.idempotent = true, .permutation_invariant = !elects_}; }

  bool needs_survey(const TensorContext& tensor) const override {
    const std::vector<double> densities = tensor.values.of_models("density");
    return std::any_of(densities.begin(), densities.end(), [](double density) { return density < 1.0; });
  }
  SurveyCost survey_cost(const TensorContext& tensor) const override {
    SurveyCost cost = selection_cost(2 * tensor.models, true);  // both ends of what is kept
    if (tensor.values.flag("rescale")) add_leaf_sums(cost, rescale_width(tensor.models));
    return cost;
  }

  std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    const std::vector<double> densities = of_scope(scope, "density");
    const std::vector<double> gammas = of_scope(scope, "gamma");
    SparseSurvey wanted;
    for (std::size_t i = 0; i < densities.size(); ++i) {
      wanted.kept_ranks.push_back(std::nullopt);
      if (densities[i] < 1.0) {
        wanted.kept_ranks.back() = stats::breadcrumbs_kept_ranks(densities[i], gammas[i], scope.elements());
      }
    }
    wanted.rescales = scope.tensors.front().values.flag("rescale");
    wanted.rules = rules;
    wanted.form = [this](const TensorContext& tensor) { return form(tensor); };
    return make_sparse_survey(scope, std::move(wanted));
  }
  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    return make_task_vector_pass(form(tensor), rules(tensor));
  }

 private:
  static std::vector<SparseRule> rules(const TensorContext& tensor) {
    std::vector<SparseRule> rules(tensor.models);
    const std::vector<double> weights = tensor.values.of_models("weight");
    for (std::size_t i = 0; i < rules.size(); ++i) rules[i].weight = weights[i];
    return rules;
  }
  [[nodiscard]] kernel::TaskVectorForm form(const TensorContext& tensor) const {
    return elects_ ? electing_form(tensor) : summing_form(tensor);
  }

  bool elects_;
  recipe::MethodSchema schema_;
};

}  // namespace

std::unique_ptr<Method> make_breadcrumbs_method(std::string name, std::string summary, bool elects) {
  return std::make_unique<Breadcrumbs>(std::move(name), std::move(summary), elects);
}

}  // namespace stockpot::method
