#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

#include "method/gram_survey.hpp"

namespace stockpot::method {
namespace {

/// The mean of the models, scaled to the mean (or largest) of their norms: S(c x_i) with c = length /
/// |S(x_i)|. After the signature in git-theta's merge_cli plugin. A mean of zero stays the
/// mean.
class Mlerp : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = [] {
      recipe::MethodSchema s;
      s.name = "mlerp";
      s.summary = "mean of the models at the mean of their norms";
      s.minimum_models = 1;
      recipe::ParameterSpec norm;
      norm.name = "norm";
      norm.kind = recipe::ParameterKind::choice;
      norm.choices = {"mean", "max"};
      norm.help = "norm of the result: the models' mean or largest";
      s.parameters = {norm};
      return s;
    }();
    return schema;
  }

  Claims claims() const override {
    return {.idempotent = true, .permutation_invariant = true, .linear = true};
  }
  bool needs_survey(const TensorContext&) const override { return true; }
  bool surveys_for_linear_form() const override { return true; }

  SurveyCost survey_cost(const TensorContext& tensor) const override {
    return gram_cost(Span::models, tensor.models);
  }
  std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    return make_gram_survey(scope, Span::models, solve);
  }

 private:
  static LinearMerge solve(const TensorContext& tensor, const Geometry& geometry) {
    std::vector<double> norms(tensor.models);
    for (std::size_t i = 0; i < norms.size(); ++i) norms[i] = geometry.gram.norm(i);
    const double sum = geometry.gram.norm(std::vector<double>(norms.size(), 1.0));
    double coefficient = 1.0 / static_cast<double>(norms.size());
    if (sum > 0.0) {
      const bool largest = tensor.values.words.at("norm") == "max";
      const double length =
          largest ? *std::max_element(norms.begin(), norms.end())
                  : std::accumulate(norms.begin(), norms.end(), 0.0) / static_cast<double>(norms.size());
      coefficient = length / sum;
    }
    LinearMerge merge;
    merge.form.weights.assign(norms.size(), coefficient);
    merge.diagnostics["coefficients"] = merge.form.weights;
    return merge;
  }
};

}  // namespace

std::unique_ptr<Method> make_mlerp();
std::unique_ptr<Method> make_mlerp() {
  return std::make_unique<Mlerp>();
}

}  // namespace stockpot::method
