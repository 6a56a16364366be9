#include "stockpot/method/measured_mean.hpp"

#include <utility>

#include "method/gram_survey.hpp"

namespace stockpot::method {
namespace {

class MeasuredMean : public Method {
 public:
  MeasuredMean(bool has_anchor, GramSink sink)
      : span_(has_anchor ? Span::task_vectors : Span::models), sink_(std::move(sink)) {
    schema_.name = "uniform_soup";
    schema_.summary = "mean of the models, and how they lie";
    schema_.needs_base_model = has_anchor;
  }

  const recipe::MethodSchema& schema() const override { return schema_; }
  Claims claims() const override {
    return {.idempotent = true, .permutation_invariant = true, .linear = true};
  }
  bool needs_survey(const TensorContext& /*tensor*/) const override { return true; }
  bool surveys_for_linear_form() const override { return true; }
  SurveyCost survey_cost(const TensorContext& tensor) const override {
    return gram_cost(span_, tensor.models);
  }
  std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    return make_gram_survey(scope, span_, [this](const TensorContext& tensor, const Geometry& geometry) {
      sink_(geometry.gram);
      LinearMerge mean;
      mean.form.weights.assign(tensor.models, 1.0);
      mean.form.divisor = static_cast<double>(tensor.models);
      return mean;
    });
  }

 private:
  Span span_;
  GramSink sink_;
  recipe::MethodSchema schema_;
};

}  // namespace

std::shared_ptr<const Method> make_measured_mean(bool has_anchor, GramSink sink) {
  return std::make_shared<MeasuredMean>(has_anchor, std::move(sink));
}

}  // namespace stockpot::method
