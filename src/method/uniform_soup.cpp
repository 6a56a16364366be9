#include <memory>
#include <utility>

#include "stockpot/method/method.hpp"

namespace stockpot::method {
namespace {

/// Mean of the models, S(x_i) / K. Model Soups (Wortsman et al. 2022), section 2, "uniform soup".
class UniformSoup : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = [] {
      recipe::MethodSchema s;
      s.name = "uniform_soup";
      s.summary = "mean of the models";
      s.strategy = recipe::Strategy::uniform;
      return s;
    }();
    return schema;
  }

  Claims claims() const override {
    return {.idempotent = true, .permutation_invariant = true, .linear = true};
  }

  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    kernel::LinearForm form;
    form.weights.assign(tensor.models, 1.0);
    form.divisor = static_cast<double>(tensor.models);
    return make_linear_pass(std::move(form));
  }
};

}  // namespace

std::unique_ptr<Method> make_uniform_soup();
std::unique_ptr<Method> make_uniform_soup() {
  return std::make_unique<UniformSoup>();
}

}  // namespace stockpot::method
