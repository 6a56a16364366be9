#include "method/task_vector_schema.hpp"

#include <cmath>
#include <numeric>
#include <utility>

#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::method {
namespace {

recipe::ParameterSpec parameter(std::string name, recipe::ParameterKind kind, std::optional<double> value,
                                std::string help) {
  recipe::ParameterSpec spec;
  spec.name = std::move(name);
  spec.kind = kind;
  spec.default_value = value;
  spec.help = std::move(help);
  return spec;
}

[[noreturn]] void refuse_difference(const ScopeContext& scope, const TensorContext& tensor,
                                    const std::string& parameter) {
  throw Error(ExitCode::usage,
              "parameter " + quote(parameter) +
                  " must be the same for all tensors that are merged together (" + scope.name +
                  "), but differs from that of " + quote(scope.tensors.front().name),
              {"", tensor.name});
}

}  // namespace

recipe::ParameterSpec weight_parameter() {
  recipe::ParameterSpec weight =
      parameter("weight", recipe::ParameterKind::number, std::nullopt, "factor of the model's task vector");
  weight.per_model = true;
  return weight;
}

recipe::ParameterSpec density_parameter(std::string help) {
  recipe::ParameterSpec density = parameter("density", recipe::ParameterKind::number, 1.0, std::move(help));
  density.per_model = true;
  density.minimum = 0.0;
  density.maximum = 1.0;
  return density;
}

recipe::ParameterSpec lambda_parameter() {
  return parameter("lambda", recipe::ParameterKind::number, 1.0, "factor of the sum");
}

recipe::ParameterSpec normalize_parameter(bool default_value) {
  return parameter("normalize", recipe::ParameterKind::boolean, default_value ? 1.0 : 0.0,
                   "divide by the sum of the weights");
}

recipe::ParameterSpec rescale_parameter(bool default_value) {
  return parameter("rescale", recipe::ParameterKind::boolean, default_value ? 1.0 : 0.0,
                   "enlarge what is kept by what was dropped");
}

recipe::MethodSchema task_vector_schema(std::string name, std::string summary,
                                        std::vector<recipe::ParameterSpec> parameters) {
  recipe::MethodSchema schema;
  schema.name = std::move(name);
  schema.summary = std::move(summary);
  schema.needs_base_model = true;
  schema.minimum_models = 2;
  schema.parameters = std::move(parameters);
  return schema;
}

kernel::TaskVectorForm summing_form(const TensorContext& tensor) {
  constexpr double smallest_divisor = 1e-8;
  kernel::TaskVectorForm form;
  form.lambda = tensor.values.number("lambda");
  if (!tensor.values.flag("normalize")) return form;
  const std::vector<double> weights = tensor.values.of_models("weight");
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (std::abs(sum) < smallest_divisor) return form;
  form.divisor_rule = kernel::Divisor::constant;
  form.divisor = sum;
  return form;
}

kernel::TaskVectorForm electing_form(const TensorContext& tensor) {
  kernel::TaskVectorForm form;
  form.election = kernel::Election::weighted;
  form.lambda = tensor.values.number("lambda");
  if (tensor.values.flag("normalize")) form.divisor_rule = kernel::Divisor::contributing_weights;
  return form;
}

std::vector<double> of_scope(const ScopeContext& scope, const std::string& parameter) {
  std::vector<double> values = scope.tensors.front().values.of_models(parameter);
  for (const TensorContext& tensor : scope.tensors) {
    if (tensor.values.of_models(parameter) == values) continue;
    refuse_difference(scope, tensor, parameter);
  }
  return values;
}

void check_number_of_scope(const ScopeContext& scope, const std::string& parameter) {
  const double value = scope.tensors.front().values.number(parameter);
  for (const TensorContext& tensor : scope.tensors) {
    if (tensor.values.number(parameter) != value) refuse_difference(scope, tensor, parameter);
  }
}

}  // namespace stockpot::method
