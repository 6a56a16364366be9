#include <memory>

#include "method/fisher_survey.hpp"
#include "method/weighted_mean.hpp"
#include "stockpot/method/method.hpp"
#include "stockpot/method/survey.hpp"

namespace stockpot::method {
namespace {

recipe::MethodSchema make_schema() {
  recipe::MethodSchema schema;
  schema.name = "fisher";
  schema.summary = "mean of the models, each element weighted by its Fisher value";
  schema.takes_statistics = true;
  recipe::ParameterSpec normalization;
  normalization.name = "normalization";
  normalization.kind = recipe::ParameterKind::choice;
  normalization.choices = {"model", "none", "tensor"};
  normalization.help = "divide a model's Fisher values by their L2 norm over so much";
  recipe::ParameterSpec floor;
  floor.name = "floor";
  floor.default_value = 1e-8;
  floor.minimum = 0.0;
  floor.help = "smallest Fisher value that counts";
  recipe::ParameterSpec favor_target;
  favor_target.name = "favor_target";
  favor_target.kind = recipe::ParameterKind::boolean;
  favor_target.default_value = 0.0;
  favor_target.help = "floor for the first model only";
  schema.parameters = {
      statistics_weight("factor of the model's Fisher values; of the model where there are none"),
      normalization, floor, favor_target};
  return schema;
}

/// S((l_i F'_i) x_i) / S(l_i F'_i), F' = max(F, floor), l_i = weight_i over the L2 norm of the model's raw
/// Fisher values; S(w_i x_i) / S(w_i) for tensors without statistics and where the denominator is 0.
/// Matena & Raffel 2022; the floor of the target alone after the authors' merging.py.
class Fisher : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = make_schema();
    return schema;
  }
  Claims claims() const override {
    return {.idempotent = true, .permutation_invariant = true, .linear = true};
  }

  StatisticUse statistic_use(const ParameterValues&) const override { return StatisticUse::diagonal; }
  bool needs_survey(const TensorContext& tensor) const override {
    return tensor.has_statistics && tensor.values.words.at("normalization") != "none";
  }
  recipe::Scope survey_scope(const TensorContext& tensor, recipe::Scope) const override {
    const bool is_model = tensor.values.words.at("normalization") == "model";
    return is_model ? recipe::Scope::model : recipe::Scope::tensor;
  }
  SurveyCost survey_cost(const TensorContext& tensor) const override {
    return {.reductions = {{.leaf_width = tensor.models}}};
  }
  std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    for (const TensorContext& tensor : scope.tensors) require_weighted_mean(tensor);
    return make_fisher_survey(scope);
  }

  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    if (!tensor.has_statistics) return make_weighted_mean(tensor);
    require_weighted_mean(tensor);
    return make_fisher_pass(tensor, tensor.values.of_models("weight"));
  }
};

}  // namespace

std::unique_ptr<Method> make_fisher();
std::unique_ptr<Method> make_fisher() {
  return std::make_unique<Fisher>();
}

}  // namespace stockpot::method
