#include <memory>
#include <numeric>

#include "stockpot/base/error.hpp"
#include "stockpot/method/method.hpp"

namespace stockpot::method {
namespace {

/// Weighted mean S(w_i x_i) / S(w_i); without `normalize` the weighted sum S(w_i x_i). mergekit's `linear`.
class Linear : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = [] {
      recipe::MethodSchema s;
      s.name = "linear";
      s.summary = "weighted mean of the models";
      recipe::ParameterSpec weight;
      weight.name = "weight";
      weight.per_model = true;
      weight.help = "factor of the model";
      recipe::ParameterSpec normalize;
      normalize.name = "normalize";
      normalize.kind = recipe::ParameterKind::boolean;
      normalize.default_value = 1.0;
      normalize.help = "divide by the sum of the weights";
      s.parameters = {weight, normalize};
      return s;
    }();
    return schema;
  }

  Claims claims() const override {
    return {.idempotent = true, .permutation_invariant = true, .linear = true};
  }

  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    kernel::LinearForm form;
    form.weights = tensor.values.of_models("weight");
    if (tensor.values.flag("normalize")) {
      form.divisor = std::accumulate(form.weights.begin(), form.weights.end(), 0.0);
      if (*form.divisor == 0.0) {
        throw Error(ExitCode::usage,
                    "the weights sum to zero, so they can't be normalised (set normalize: false)",
                    {"", tensor.name});
      }
    }
    return make_linear_pass(std::move(form));
  }
};

}  // namespace

std::unique_ptr<Method> make_linear();
std::unique_ptr<Method> make_linear() {
  return std::make_unique<Linear>();
}

}  // namespace stockpot::method
