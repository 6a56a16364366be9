#include <memory>
#include <utility>

#include "stockpot/method/method.hpp"

namespace stockpot::method {
namespace {

/// The one model that a tensor has, times `scale` where given: layer slices, frankenmerges, conversion of
/// dtypes.
class Passthrough : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = [] {
      recipe::MethodSchema s;
      s.name = "passthrough";
      s.summary = "one model's tensors as they are, times `scale` where given (layer slices, frankenmerges)";
      s.maximum_models = 1;
      recipe::ParameterSpec scale;
      scale.name = "scale";
      scale.per_model = true;
      scale.optional = true;
      scale.help = "factor of the tensor";
      s.parameters = {scale};
      return s;
    }();
    return schema;
  }

  Claims claims() const override {
    return {.idempotent = true, .permutation_invariant = true, .linear = true};
  }

  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    kernel::LinearForm form;
    const auto scale = tensor.values.per_model.find("scale");
    const bool given = scale != tensor.values.per_model.end() && scale->second.front().has_value();
    form.weights = {given ? *scale->second.front() : 1.0};
    return make_linear_pass(std::move(form));
  }
};

}  // namespace

std::unique_ptr<Method> make_passthrough();
std::unique_ptr<Method> make_passthrough() {
  return std::make_unique<Passthrough>();
}

}  // namespace stockpot::method
