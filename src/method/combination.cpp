#include "stockpot/method/combination.hpp"

#include <fmt/format.h>

#include <utility>

#include "stockpot/base/error.hpp"

namespace stockpot::method {
namespace {

/// Model Soups (Wortsman et al. 2022), appendix I, "learned soup", once its coefficients are known.
class Combination : public Method {
 public:
  explicit Combination(CoefficientTable coefficients) : coefficients_(std::move(coefficients)) {}

  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = [] {
      recipe::MethodSchema s;
      s.name = "learned_soup";
      s.summary = "linear combination of the models by a table of coefficients";
      return s;
    }();
    return schema;
  }

  Claims claims() const override { return {.linear = true}; }

  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    const auto found = coefficients_.find(tensor.name);
    if (found == coefficients_.end()) {
      throw Error(ExitCode::usage, "has no coefficients", {"", tensor.name});
    }
    if (found->second.size() != tensor.models) {
      throw Error(ExitCode::usage,
                  fmt::format("has {} coefficients for {} models", found->second.size(), tensor.models),
                  {"", tensor.name});
    }
    kernel::LinearForm form;
    form.weights = found->second;
    return make_linear_pass(std::move(form));
  }

 private:
  CoefficientTable coefficients_;
};

}  // namespace

std::shared_ptr<const Method> make_combination(CoefficientTable coefficients) {
  return std::make_shared<Combination>(std::move(coefficients));
}

}  // namespace stockpot::method
