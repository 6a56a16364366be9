#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

#include "stockpot/method/method.hpp"

namespace stockpot::method {
namespace {

/// b + lambda * S(w_i (x_i - b)); with `normalize` the sum is divided by S(w_i). Task Arithmetic (Ilharco et
/// al. 2023), section 2; `weight` and `normalize` are mergekit's, whose rule that weights summing to less
/// than 1e-8 divide by 1 holds.
class TaskArithmetic : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = [] {
      recipe::MethodSchema s;
      s.name = "task_arithmetic";
      s.summary = "base model plus lambda times the weighted sum of task vectors";
      s.needs_base_model = true;
      s.minimum_models = 2;
      recipe::ParameterSpec weight;
      weight.name = "weight";
      weight.per_model = true;
      weight.help = "factor of the model's task vector";
      recipe::ParameterSpec lambda;
      lambda.name = "lambda";
      lambda.default_value = 1.0;
      lambda.help = "factor of the sum";
      recipe::ParameterSpec normalize;
      normalize.name = "normalize";
      normalize.kind = recipe::ParameterKind::boolean;
      normalize.default_value = 0.0;
      normalize.help = "divide by the sum of the weights";
      s.parameters = {weight, lambda, normalize};
      return s;
    }();
    return schema;
  }

  Claims claims() const override {
    return {.idempotent = true, .permutation_invariant = true, .linear = true};
  }

  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    constexpr double smallest_divisor = 1e-8;
    kernel::LinearForm form;
    form.weights = tensor.values.of_models("weight");
    form.task_vectors = true;
    form.scale = tensor.values.number("lambda");
    form.anchor_weight = 1.0;
    if (tensor.values.flag("normalize")) {
      const double sum = std::accumulate(form.weights.begin(), form.weights.end(), 0.0);
      if (std::abs(sum) >= smallest_divisor) form.divisor = sum;
    }
    return make_linear_pass(std::move(form));
  }
};

}  // namespace

std::unique_ptr<Method> make_task_arithmetic();
std::unique_ptr<Method> make_task_arithmetic() {
  return std::make_unique<TaskArithmetic>();
}

}  // namespace stockpot::method
