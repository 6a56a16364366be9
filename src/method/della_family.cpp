#include "method/della_family.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "method/della_survey.hpp"
#include "method/row_blocks.hpp"
#include "method/task_vector_schema.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::method {
namespace {

bool thins(double density) {
  return density > 0.0 && density < 1.0;
}

class Della : public Method {
 public:
  Della(std::string name, std::string summary, bool elects) : elects_(elects) {
    recipe::ParameterSpec epsilon = density_parameter("how far probabilities reach to both sides of density");
    epsilon.name = "epsilon";
    epsilon.default_value = 0.15;
    schema_ = task_vector_schema(
        std::move(name), std::move(summary),
        {weight_parameter(), density_parameter("mean probability that an entry is kept"), epsilon,
         lambda_parameter(), normalize_parameter(elects), rescale_parameter(true)});
  }

  const recipe::MethodSchema& schema() const override { return schema_; }
  Claims claims() const override { return {.idempotent = true, .permutation_invariant = !elects_}; }

  bool needs_survey(const TensorContext& tensor) const override {
    if (tensor.semantics == recipe::Semantics::paper || !tensor.values.flag("rescale")) return false;
    const std::vector<double> densities = tensor.values.of_models("density");
    return std::any_of(densities.begin(), densities.end(), thins);
  }
  std::uint64_t row_elements(const TensorContext& tensor) const override {
    return block_of_rows(rows_along_axis_1(tensor).slab());
  }

  SurveyCost survey_cost(const TensorContext& tensor) const override {
    return {.reductions = {{.leaf_width = 2 * tensor.models, .leaf_elements = row_elements(tensor)}}};
  }
  std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    std::vector<DellaTensor> tensors;
    for (const TensorContext& tensor : scope.tensors) tensors.push_back(prepared(tensor));
    return make_della_survey(scope, std::move(tensors));
  }
  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    return make_della_pass(prepared(tensor));
  }

 private:
  [[nodiscard]] DellaTensor prepared(const TensorContext& tensor) const {
    const std::vector<double> weights = tensor.values.of_models("weight");
    const std::vector<double> densities = tensor.values.of_models("density");
    const std::vector<double> epsilons = tensor.values.of_models("epsilon");
    DellaTensor della;
    della.form = elects_ ? electing_form(tensor) : summing_form(tensor);
    della.divides = tensor.semantics == recipe::Semantics::paper && tensor.values.flag("rescale");
    della.block_elements = row_elements(tensor);
    for (std::size_t i = 0; i < tensor.models; ++i) {
      DellaRule rule{.weight = weights[i], .drops_all = densities[i] <= 0.0, .keep = nullptr};
      if (thins(densities[i])) {
        if (densities[i] - epsilons[i] <= 0.0 || densities[i] + epsilons[i] >= 1.0) {
          throw Error(ExitCode::usage,
                      "density - epsilon and density + epsilon must lie between 0 and 1; give model " +
                          quote(tensor.model_names[i]) + " a smaller epsilon",
                      {"", tensor.name});
        }
        rule.keep = std::make_shared<RankedKeep>(tensor, i, densities[i], epsilons[i]);
      }
      della.rules.push_back(std::move(rule));
    }
    return della;
  }

  bool elects_;
  recipe::MethodSchema schema_;
};

}  // namespace

std::unique_ptr<Method> make_della_method(std::string name, std::string summary, bool elects) {
  return std::make_unique<Della>(std::move(name), std::move(summary), elects);
}

}  // namespace stockpot::method
