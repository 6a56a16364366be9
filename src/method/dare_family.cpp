#include "method/dare_family.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "method/random_keep.hpp"
#include "method/rescale_stage.hpp"
#include "method/sparse_survey.hpp"
#include "method/task_vector_schema.hpp"

namespace stockpot::method {
namespace {

class Dare : public Method {
 public:
  Dare(std::string name, std::string summary, bool elects) : elects_(elects) {
    schema_ = task_vector_schema(
        std::move(name), std::move(summary),
        {weight_parameter(), density_parameter("probability that an entry is kept (1 - p of the paper)"),
         lambda_parameter(), normalize_parameter(false), rescale_parameter(true)});
  }

  const recipe::MethodSchema& schema() const override { return schema_; }
  Claims claims() const override { return {.idempotent = true, .permutation_invariant = !elects_}; }

  bool needs_survey(const TensorContext& tensor) const override {
    if (tensor.semantics == recipe::Semantics::paper || !tensor.values.flag("rescale")) return false;
    const std::vector<double> densities = tensor.values.of_models("density");
    return std::any_of(densities.begin(), densities.end(),
                       [](double density) { return density > 0.0 && density < 1.0; });
  }
  SurveyCost survey_cost(const TensorContext& tensor) const override {
    return {.reductions = {{.leaf_width = rescale_width(tensor.models)}}};
  }
  std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    SparseSurvey wanted;
    wanted.rescales = true;
    wanted.rules = rules;
    wanted.form = [this](const TensorContext& tensor) { return form(tensor); };
    return make_sparse_survey(scope, std::move(wanted));
  }
  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    return make_task_vector_pass(form(tensor), rules(tensor));
  }

 private:
  static std::vector<SparseRule> rules(const TensorContext& tensor) {
    const bool divides = tensor.semantics == recipe::Semantics::paper && tensor.values.flag("rescale");
    const std::vector<double> weights = tensor.values.of_models("weight");
    const std::vector<double> densities = tensor.values.of_models("density");
    std::vector<SparseRule> rules(tensor.models);
    for (std::size_t i = 0; i < rules.size(); ++i) {
      rules[i].weight = weights[i];
      rules[i].drops_all = densities[i] <= 0.0;
      if (densities[i] <= 0.0 || densities[i] >= 1.0) continue;
      rules[i].keep = std::make_shared<RandomKeep>(tensor, i, densities[i]);
      if (divides) rules[i].divisor = densities[i];
    }
    return rules;
  }
  [[nodiscard]] kernel::TaskVectorForm form(const TensorContext& tensor) const {
    return elects_ ? electing_form(tensor) : summing_form(tensor);
  }

  bool elects_;
  recipe::MethodSchema schema_;
};

}  // namespace

std::unique_ptr<Method> make_dare_method(std::string name, std::string summary, bool elects) {
  return std::make_unique<Dare>(std::move(name), std::move(summary), elects);
}

}  // namespace stockpot::method
