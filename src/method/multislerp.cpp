#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "method/gram_survey.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::method {
namespace {

/// The weighted mean direction times the weighted mean norm, of the models or, with a base model, of their
/// task vectors. mergekit's merge_methods/multislerp.py takes one step further in the tangent space of that
/// direction, whose length is zero for every input. Two vectors that cancel, and vectors that
/// are all zero, give their weighted sum.
class Multislerp : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = [] {
      recipe::MethodSchema s;
      s.name = "multislerp";
      s.summary = "weighted mean direction times weighted mean norm, of models or of task vectors";
      s.takes_base_model = true;
      s.minimum_models = 1;
      recipe::ParameterSpec weight;
      weight.name = "weight";
      weight.per_model = true;
      weight.help = "of the model's direction and norm";
      recipe::ParameterSpec normalize;
      normalize.name = "normalize_weights";
      normalize.kind = recipe::ParameterKind::boolean;
      normalize.default_value = 1.0;
      normalize.help = "divide the weights by their sum";
      recipe::ParameterSpec eps;
      eps.name = "eps";
      eps.default_value = 1e-8;
      eps.minimum = 0.0;
      eps.help = "added to norms; directions that sum to less cancel";
      s.parameters = {weight, normalize, eps};
      return s;
    }();
    return schema;
  }

  Claims claims() const override { return {}; }
  bool needs_survey(const TensorContext& tensor) const override { return tensor.models > 1; }
  bool surveys_for_linear_form() const override { return true; }

  SurveyCost survey_cost(const TensorContext& tensor) const override {
    return gram_cost(span_of(tensor), tensor.models);
  }
  std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    static_cast<void>(weights_of(scope.tensors.front()));
    return make_gram_survey(scope, span_of(scope.tensors.front()), solve);
  }
  std::unique_ptr<ElementPass> coefficients(const TensorContext&) const override {
    kernel::LinearForm itself;
    itself.weights = {1.0};
    return make_linear_pass(std::move(itself));
  }

 private:
  static Span span_of(const TensorContext& tensor) {
    return tensor.has_anchor ? Span::task_vectors : Span::models;
  }
  static std::vector<double> weights_of(const TensorContext& tensor) {
    std::vector<double> weights = tensor.values.of_models("weight");
    if (!tensor.values.flag("normalize_weights")) return weights;
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    if (sum == 0.0) {
      throw Error(
          ExitCode::usage,
          "the weights of multislerp sum to zero, so they can't be normalised (set normalize_weights: "
          "false)",
          {"", tensor.name});
    }
    for (double& weight : weights) weight /= sum;
    return weights;
  }

  static LinearMerge solve(const TensorContext& tensor, const Geometry& geometry) {
    const std::vector<double> weights = weights_of(tensor);
    const double eps = tensor.values.number("eps");
    std::vector<double> along(weights.size());
    double length = 0.0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const double norm = geometry.gram.norm(i);
      // A zero vector has no direction, whatever its weight.
      along[i] = norm + eps > 0.0 ? weights[i] / (norm + eps) : 0.0;
      length += weights[i] * norm;
    }
    const double direction = geometry.gram.norm(along);
    LinearMerge merge;
    merge.form.task_vectors = tensor.has_anchor;
    if (tensor.has_anchor) merge.form.anchor_weight = 1.0;
    if (direction >= eps && direction > 0.0) {
      for (double& coefficient : along) coefficient *= length / direction;
      merge.form.weights = along;
    } else if (weights.size() == 2 || length == 0.0) {
      merge.form.weights = weights;
    } else {
      throw Error(ExitCode::input, "the directions of the models cancel, so they have no mean direction",
                  {"", tensor.name});
    }
    merge.diagnostics["coefficients"] = merge.form.weights;
    return merge;
  }
};

}  // namespace

std::unique_ptr<Method> make_multislerp();
std::unique_ptr<Method> make_multislerp() {
  return std::make_unique<Multislerp>();
}

}  // namespace stockpot::method
