#include "method/weighted_mean.hpp"

#include <numeric>
#include <utility>
#include <vector>

#include "stockpot/base/error.hpp"

namespace stockpot::method {
namespace {

double sum_of(const std::vector<double>& weights, const TensorContext& tensor) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (sum != 0.0) return sum;
  throw Error(ExitCode::usage, "the weights sum to zero, so there is no mean", {"", tensor.name});
}

}  // namespace

recipe::ParameterSpec statistics_weight(std::string help) {
  recipe::ParameterSpec weight;
  weight.name = "weight";
  weight.per_model = true;
  weight.default_value = 1.0;
  weight.help = std::move(help);
  return weight;
}

std::unique_ptr<ElementPass> make_weighted_mean(const TensorContext& tensor) {
  std::vector<double> weights = tensor.values.of_models("weight");
  const double sum = sum_of(weights, tensor);
  return make_linear_pass({.weights = std::move(weights), .divisor = sum, .anchor_weight = {}});
}

void require_weighted_mean(const TensorContext& tensor) {
  static_cast<void>(sum_of(tensor.values.of_models("weight"), tensor));
}

}  // namespace stockpot::method
