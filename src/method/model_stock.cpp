#include <cmath>
#include <memory>
#include <numbers>
#include <vector>

#include "method/row_pass.hpp"

namespace stockpot::method {
namespace {

/// t S(x_i) / K + (1 - t) b with t = K c / ((K - 1) c + 1), c the mean cosine of pairs of task vectors. Model
/// Stock (Jang et al. 2024); with more than two models the cosines are averaged, as the authors say in issue
/// 2 of naver-ai/model-stock. In double and without an epsilon: a pair with an exactly zero vector has cosine
/// 0, and t is 0 where |(K - 1) c + 1| < 1e-6.
class ModelStock : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = [] {
      recipe::MethodSchema s;
      s.name = "model_stock";
      s.summary = "from the base model towards the mean, as far as the angles between task vectors say";
      s.needs_base_model = true;
      s.minimum_models = 3;
      recipe::ParameterSpec filter_wise;
      filter_wise.name = "filter_wise";
      filter_wise.kind = recipe::ParameterKind::boolean;
      filter_wise.default_value = 0.0;
      filter_wise.help = "angles of each line along the last axis apart";
      s.parameters = {filter_wise};
      return s;
    }();
    return schema;
  }

  Claims claims() const override {
    return {.idempotent = true, .permutation_invariant = true, .linear = true};
  }
  bool needs_survey(const TensorContext& tensor) const override { return !tensor.values.flag("filter_wise"); }
  bool surveys_for_linear_form() const override { return true; }
  std::uint64_t row_elements(const TensorContext& tensor) const override {
    return needs_survey(tensor) ? 1 : row_length(tensor);
  }

  SurveyCost survey_cost(const TensorContext& tensor) const override {
    return gram_cost(Span::task_vectors, tensor.models);
  }
  std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    return make_gram_survey(scope, Span::task_vectors, solve);
  }
  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    return make_row_pass(tensor, Span::task_vectors, solve);
  }

 private:
  static LinearMerge solve(const TensorContext& tensor, const Geometry& geometry) {
    constexpr double smallest_divisor = 1e-6;
    constexpr double degrees = 180.0 / std::numbers::pi;
    const std::size_t models = tensor.models;
    const auto count = static_cast<double>(models);
    Table cosines(models, Numbers(models, 1.0));
    Table angles(models, Numbers(models, 0.0));
    double sum = 0.0;
    double pairs = 0.0;
    for (std::size_t i = 0; i < models; ++i) {
      for (std::size_t j = i + 1; j < models; ++j) {
        const double cosine = geometry.gram.cosine(i, j);
        cosines[i][j] = cosines[j][i] = cosine;
        angles[i][j] = angles[j][i] = std::acos(cosine) * degrees;
        sum += cosine;
        ++pairs;
      }
    }
    const double cosine = sum / pairs;
    const double divisor = (count - 1.0) * cosine + 1.0;
    const double t = std::abs(divisor) < smallest_divisor ? 0.0 : count * cosine / divisor;
    LinearMerge merge;
    merge.form.weights.assign(models, 1.0);
    merge.form.divisor = count;
    merge.form.scale = t;
    merge.form.anchor_weight = 1.0 - t;
    merge.diagnostics["t"] = t;
    merge.diagnostics["cosines"] = cosines;
    merge.diagnostics["angles"] = angles;
    return merge;
  }
};

}  // namespace

std::unique_ptr<Method> make_model_stock();
std::unique_ptr<Method> make_model_stock() {
  return std::make_unique<ModelStock>();
}

}  // namespace stockpot::method
