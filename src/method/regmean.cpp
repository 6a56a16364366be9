#include <memory>

#include "method/factored_sum.hpp"
#include "method/layer_equation.hpp"
#include "method/regmean_survey.hpp"
#include "method/weighted_mean.hpp"
#include "stockpot/method/method.hpp"
#include "stockpot/method/survey.hpp"

namespace stockpot::method {
namespace {

recipe::MethodSchema make_schema() {
  recipe::MethodSchema schema;
  schema.name = "regmean";
  schema.summary = "linear layers that answer the models' inputs as the models do, in least squares";
  schema.takes_statistics = true;
  recipe::ParameterSpec alpha;
  alpha.name = "alpha";
  alpha.default_value = 0.9;
  alpha.minimum = 0.0;
  alpha.maximum = 1.0;
  alpha.help = "factor of the Gram matrices off their diagonals";
  recipe::ParameterSpec ridge;
  ridge.name = "ridge";
  ridge.default_value = 1e-6;
  ridge.minimum = 0.0;
  ridge.help = "share of the mean diagonal that is added to it where the sum has no Cholesky factor";
  schema.parameters = {
      statistics_weight("factor of the model's Gram matrices; of the model where there are none"), alpha,
      ridge};
  return schema;
}

/// W^T = S(G~_i)^-1 S(G~_i W_i^T), G~_i = weight_i (alpha G_i + (1 - alpha) diag(G_i)), for weights of layers
/// whose inputs' Gram matrices the statistics hold; S(w_i x_i) / S(w_i) for all other tensors. Jin et al.
/// 2023, section 3; alpha and what is merged how after their regmean_demo.ipynb.
class RegMean : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = make_schema();
    return schema;
  }
  Claims claims() const override {
    return {.idempotent = true, .permutation_invariant = true, .linear = true};
  }

  StatisticUse statistic_use(const ParameterValues&) const override { return StatisticUse::input_matrix; }
  std::uint64_t owned_run(const TensorContext& tensor) const override {
    return needs_survey(tensor) ? columns_run(tensor) : 1;
  }
  bool needs_survey(const TensorContext& tensor) const override { return tensor.matrices.order > 0; }
  recipe::Scope survey_scope(const TensorContext&, recipe::Scope) const override {
    return recipe::Scope::tensor;
  }
  SurveyCost survey_cost(const TensorContext& tensor) const override {
    SurveyCost cost{.needed_bytes_per_element = tensor.matrices.element_bytes + sizeof(double),
                    .kept_bytes_per_element = sizeof(double)};
    add_factor_cost(tensor, cost);
    return cost;
  }
  std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    require_weighted_mean(scope.tensors.front());
    return make_regmean_survey(scope);
  }

  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    return make_weighted_mean(tensor);
  }
};

}  // namespace

std::unique_ptr<Method> make_regmean();
std::unique_ptr<Method> make_regmean() {
  return std::make_unique<RegMean>();
}

}  // namespace stockpot::method
