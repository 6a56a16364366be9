#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "method/arc.hpp"
#include "method/column_survey.hpp"
#include "method/row_pass.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::method {
namespace {

/// c_1 x_1 + c_2 x_2, with a base model b + c_1 d_1 + c_2 d_2: between two models (task vectors) along the
/// great circle of their directions at t = w_2 / (w_1 + w_2), 0.5 where the weights sum to less than 1e-6.
/// Along the line only where the vectors are collinear: the squared sine of their angle is at most 1e-15.
/// Norms below 1e-7 count as that. After mergekit 0.1.5's merge_methods/nuslerp.py. The vectors
/// are those of the scope; without `nuslerp_flatten` the lines of each tensor along its last axis, with
/// `nuslerp_row_wise` along its first one, each with an angle of its own.
class Nuslerp : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = make_schema();
    return schema;
  }

  Claims claims() const override {
    return {.idempotent = true, .permutation_invariant = true, .linear = true};
  }
  bool needs_survey(const TensorContext& tensor) const override {
    return flattens(tensor) || columns(tensor);
  }
  SurveyCost survey_cost(const TensorContext& tensor) const override {
    return columns(tensor) ? column_survey_cost(tensor) : gram_cost(span_of(tensor), tensor.models);
  }
  std::uint64_t row_elements(const TensorContext& tensor) const override {
    if (flattens(tensor)) return 1;
    return columns(tensor) ? column_block(tensor) : row_length(tensor);
  }

  std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    const TensorContext& any = scope.tensors.front();
    for (const TensorContext& tensor : scope.tensors) {
      check(tensor);
      if (columns(tensor) == columns(any)) continue;
      throw Error(ExitCode::usage,
                  "nuslerp_flatten and nuslerp_row_wise must be the same for all tensors of " + scope.name,
                  {"", tensor.name});
    }
    if (columns(any)) return make_column_survey(scope, shares_of);
    return make_gram_survey(scope, span_of(any), solve);
  }
  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    check(tensor);
    return make_row_pass(tensor, span_of(tensor), solve);
  }

 private:
  static recipe::MethodSchema make_schema() {
    recipe::MethodSchema s;
    s.name = "nuslerp";
    s.summary = "spherical interpolation of two models or of their task vectors";
    s.takes_base_model = true;
    s.minimum_models = 2;
    s.maximum_models = 3;
    recipe::ParameterSpec weight;
    weight.name = "weight";
    weight.per_model = true;
    weight.help = "the second one's share of the sum is how far the result lies from the first";
    recipe::ParameterSpec flatten;
    flatten.name = "nuslerp_flatten";
    flatten.kind = recipe::ParameterKind::boolean;
    flatten.default_value = 1.0;
    flatten.help = "one angle for all; else one for each line";
    recipe::ParameterSpec row_wise;
    row_wise.name = "nuslerp_row_wise";
    row_wise.kind = recipe::ParameterKind::boolean;
    row_wise.default_value = 0.0;
    row_wise.help = "lines run along the first axis, not the last";
    s.parameters = {weight, flatten, row_wise};
    return s;
  }

  static bool flattens(const TensorContext& tensor) { return tensor.values.flag("nuslerp_flatten"); }
  static bool columns(const TensorContext& tensor) {
    return !flattens(tensor) && tensor.values.flag("nuslerp_row_wise");
  }
  static Span span_of(const TensorContext& tensor) {
    return tensor.has_anchor ? Span::task_vectors : Span::models;
  }
  static void check(const TensorContext& tensor) {
    if (tensor.models == 2) return;
    throw Error(
        ExitCode::usage,
        "nuslerp takes two models beside an optional base_model, not " + std::to_string(tensor.models),
        {"", tensor.name});
  }

  static Shares shares_of(const TensorContext& tensor, const Geometry& geometry) {
    constexpr double smallest_sum = 1e-6;
    constexpr double smallest_square = 1e-14;
    constexpr double collinear = 1e-15;
    const std::vector<double> weights = tensor.values.of_models("weight");
    const double sum = weights[0] + weights[1];
    const double t = std::abs(sum) < smallest_sum ? 0.5 : weights[1] / sum;
    const double first = std::max(geometry.gram.squared_norm(0), smallest_square);
    const double second = std::max(geometry.gram.squared_norm(1), smallest_square);
    const double product = geometry.gram.dot(0, 1);
    if (1.0 - product * product / (first * second) <= collinear) return line_shares(t);
    constexpr double smallest_norm = 1e-7;
    return arc_shares(t, angle_between(geometry, smallest_norm));
  }

  static LinearMerge solve(const TensorContext& tensor, const Geometry& geometry) {
    const Shares shares = shares_of(tensor, geometry);
    LinearMerge merge;
    merge.form.weights = {shares.first, shares.second};
    merge.form.task_vectors = tensor.has_anchor;
    if (tensor.has_anchor) merge.form.anchor_weight = 1.0;
    merge.diagnostics["coefficients"] = Numbers{shares.first, shares.second};
    return merge;
  }
};

}  // namespace

std::unique_ptr<Method> make_nuslerp();
std::unique_ptr<Method> make_nuslerp() {
  return std::make_unique<Nuslerp>();
}

}  // namespace stockpot::method
