#include <memory>
#include <numeric>
#include <utility>

#include "stockpot/method/method.hpp"

namespace stockpot::method {
namespace {

/// Mean weighted by each model's number of training examples, S(n_i x_i) / S(n_i): federated averaging
/// (McMahan et al. 2017, algorithm 1). The weights are the recipe's `examples`.
class Weighted : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = [] {
      recipe::MethodSchema s;
      s.name = "weighted";
      s.summary = "mean weighted by each model's `examples` (federated averaging)";
      s.takes_examples = true;
      return s;
    }();
    return schema;
  }

  Claims claims() const override {
    return {.idempotent = true, .permutation_invariant = true, .linear = true};
  }

  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    kernel::LinearForm form;
    form.weights = tensor.values.of_models("examples");
    form.divisor = std::accumulate(form.weights.begin(), form.weights.end(), 0.0);
    return make_linear_pass(std::move(form));
  }
};

}  // namespace

std::unique_ptr<Method> make_weighted();
std::unique_ptr<Method> make_weighted() {
  return std::make_unique<Weighted>();
}

}  // namespace stockpot::method
