#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <numeric>
#include <vector>

#include "method/gram_survey.hpp"

namespace stockpot::method {
namespace {

/// The Frechet mean of the models' directions on the sphere, times the mean of their norms. The mean lies in
/// the span of the models, so the iteration moves coefficients only. After mergekit's
/// merge_methods/karcher.py: a direction within `tol` of the mean, or of its opposite, exerts no pull; zero
/// vectors count in the mean norm only.
class Karcher : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = [] {
      recipe::MethodSchema s;
      s.name = "karcher";
      s.summary = "Riemannian mean of the models' directions times their mean norm";
      s.minimum_models = 1;
      recipe::ParameterSpec iterations;
      iterations.name = "max_iter";
      iterations.default_value = 10.0;
      iterations.minimum = 0.0;
      iterations.help = "steps at most";
      recipe::ParameterSpec tolerance;
      tolerance.name = "tol";
      tolerance.default_value = 1e-5;
      tolerance.minimum = 0.0;
      tolerance.help = "a step shorter than this is the last";
      s.parameters = {iterations, tolerance};
      return s;
    }();
    return schema;
  }

  Claims claims() const override { return {.permutation_invariant = true, .linear = true}; }
  bool needs_survey(const TensorContext& tensor) const override { return tensor.models > 1; }
  bool surveys_for_linear_form() const override { return true; }

  SurveyCost survey_cost(const TensorContext& tensor) const override {
    return gram_cost(Span::models, tensor.models);
  }
  std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    return make_gram_survey(scope, Span::models, solve);
  }
  std::unique_ptr<ElementPass> coefficients(const TensorContext&) const override {
    kernel::LinearForm itself;
    itself.weights = {1.0};
    return make_linear_pass(std::move(itself));
  }

 private:
  /// Coefficients, of the unit vectors, of their Frechet mean. `cosines`: between unit vectors.
  static std::vector<double> mean_direction(const stats::GramMatrix& cosines, double max_iter, double tol) {
    const std::size_t count = cosines.vectors();
    const double share = 1.0 / static_cast<double>(count);
    std::vector<double> mean(count, share);
    const double length = cosines.norm(mean);
    if (length < tol) {
      std::fill(mean.begin(), mean.end(), 0.0);
      mean.front() = 1.0;
    } else {
      for (double& m : mean) m /= length;
    }
    for (double iteration = 0.0; iteration < max_iter; ++iteration) {
      std::vector<double> step(count, 0.0);
      for (std::size_t i = 0; i < count; ++i) {
        std::vector<double> unit(count, 0.0);
        unit[i] = 1.0;
        const double cosine = std::clamp(cosines.dot(mean, unit), -1.0, 1.0);
        const double angle = std::acos(cosine);
        if (angle < tol || angle > std::numbers::pi - tol) continue;
        const double pull = share * (angle / std::sin(angle));
        for (std::size_t j = 0; j < count; ++j) step[j] += pull * (unit[j] - cosine * mean[j]);
      }
      const double moved = cosines.norm(step);
      if (moved < tol || moved == 0.0) break;
      for (std::size_t j = 0; j < count; ++j) {
        mean[j] = std::cos(moved) * mean[j] + std::sin(moved) / moved * step[j];
      }
      const double norm = cosines.norm(mean);
      for (double& m : mean) m /= norm;
    }
    return mean;
  }

  static LinearMerge solve(const TensorContext& tensor, const Geometry& geometry) {
    std::vector<std::size_t> directed;  // models that are not zero
    double length = 0.0;
    const double share = 1.0 / static_cast<double>(tensor.models);
    for (std::size_t i = 0; i < tensor.models; ++i) {
      if (geometry.gram.norm(i) > 0.0) directed.push_back(i);
      length += geometry.gram.norm(i) * share;
    }
    LinearMerge merge;
    merge.form.weights.assign(tensor.models, 0.0);
    if (!directed.empty()) {
      std::vector<double> cosines;
      for (std::size_t i = 0; i < directed.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) cosines.push_back(geometry.gram.cosine(directed[i], directed[j]));
        cosines.push_back(1.0);
      }
      const std::vector<double> mean =
          mean_direction(stats::GramMatrix(directed.size(), std::move(cosines)),
                         tensor.values.number("max_iter"), tensor.values.number("tol"));
      for (std::size_t i = 0; i < directed.size(); ++i) {
        merge.form.weights[directed[i]] = length * mean[i] / geometry.gram.norm(directed[i]);
      }
    }
    merge.diagnostics["coefficients"] = merge.form.weights;
    return merge;
  }
};

}  // namespace

std::unique_ptr<Method> make_karcher();
std::unique_ptr<Method> make_karcher() {
  return std::make_unique<Karcher>();
}

}  // namespace stockpot::method
