#include <cmath>
#include <memory>
#include <utility>

#include "method/arc.hpp"

namespace stockpot::method {
namespace {

/// c_a b + c_b x: from the base model b (t = 0) to the other one (t = 1) along the great circle of their
/// directions, applied to the models as they are; along the line where |cos| > 0.9995. After
/// mergekit's merge_methods/slerp.py. A vector no longer than 1e-8 counts as one of unit length.
class Slerp : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = [] {
      recipe::MethodSchema s;
      s.name = "slerp";
      s.summary = "spherical interpolation from the base model to another";
      s.needs_base_model = true;
      s.minimum_models = 2;
      s.maximum_models = 2;
      recipe::ParameterSpec t;
      t.name = "t";
      t.help = "0 gives the base model, 1 the other";
      s.parameters = {t};
      return s;
    }();
    return schema;
  }

  Claims claims() const override { return {.idempotent = true, .linear = true}; }
  bool needs_survey(const TensorContext&) const override { return true; }
  bool surveys_for_linear_form() const override { return true; }

  SurveyCost survey_cost(const TensorContext& tensor) const override {
    return gram_cost(Span::anchor_and_models, tensor.models);
  }
  std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    return make_gram_survey(scope, Span::anchor_and_models, solve);
  }

 private:
  static LinearMerge solve(const TensorContext& tensor, const Geometry& geometry) {
    constexpr double smallest_norm = 1e-8;
    constexpr double nearly_parallel = 0.9995;
    const auto length = [&](std::size_t i) {
      const double norm = geometry.gram.norm(i);
      return norm > smallest_norm ? norm : 1.0;
    };
    const double cosine = geometry.gram.dot(0, 1) / (length(0) * length(1));
    const double t = tensor.values.number("t");
    Shares shares = line_shares(t);
    if (!(std::abs(cosine) > nearly_parallel)) {
      const bool true_norms = length(0) == geometry.gram.norm(0) && length(1) == geometry.gram.norm(1);
      shares = arc_shares(t, true_norms ? angle_between(geometry, 0.0) : std::acos(cosine));
    }
    LinearMerge merge;
    merge.form.weights = {shares.second};
    merge.form.anchor_weight = shares.first;
    merge.diagnostics["coefficients"] = Numbers{shares.first, shares.second};
    return merge;
  }
};

}  // namespace

std::unique_ptr<Method> make_slerp();
std::unique_ptr<Method> make_slerp() {
  return std::make_unique<Slerp>();
}

}  // namespace stockpot::method
