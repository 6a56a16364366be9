#include <fmt/format.h>

#include <algorithm>

#include "stockpot/base/error.hpp"
#include "stockpot/probe/probe.hpp"

namespace stockpot::probe {
namespace {

double mean(double sum, std::uint64_t examples) {
  if (examples == 0) throw Error(ExitCode::input, "no examples to take a mean over");
  return sum / static_cast<double>(examples);
}

}  // namespace

void Evaluation::add(const Score& score) {
  ++examples;
  loss_sum += score.loss;
  metric_sums["accuracy"] += score.correct ? 1.0 : 0.0;
}

double Evaluation::loss() const {
  return mean(loss_sum, examples);
}

double Evaluation::metric(std::string_view name) const {
  if (examples == 0) return mean(0, examples);
  const auto found = metric_sums.find(name);
  if (found == metric_sums.end()) {
    throw Error(ExitCode::usage, fmt::format("this probe has no metric {}", quote(name)));
  }
  return mean(found->second, examples);
}

Parameters LossGradient::mean_gradient() const {
  Parameters gradient = gradient_sum;
  if (evaluation.examples == 0) mean(0, 0);
  for (NamedTensor& tensor : gradient) {
    for (double& value : tensor.values) value = mean(value, evaluation.examples);
  }
  return gradient;
}

void begin_sums(const ModelShape& shape, Parameters& sums) {
  if (sums.empty()) sums = zeros(shape.parameters);
  const auto same = [](const NamedTensor& sum, const NamedShape& tensor) {
    return sum.name == tensor.name && sum.shape == tensor.shape &&
           sum.values.size() == element_count(tensor.shape);
  };
  if (!std::equal(sums.begin(), sums.end(), shape.parameters.begin(), shape.parameters.end(), same)) {
    throw Error(ExitCode::usage, "sums of gradients are not those of this model");
  }
}

void Probe::add_squared_gradients(const Batch& batch, LabelChoice labels, Parameters& sums) const {
  begin_sums(shape(), sums);
  visit_gradients(batch, labels, [&](const ExampleGradient& gradient) {
    for (std::size_t t = 0; t < gradient.tensors.size(); ++t) {
      const std::span<const double> values = gradient.tensors[t];
      std::vector<double>& sum = sums[t].values;
      for (std::size_t i = 0; i < values.size(); ++i) sum[i] += gradient.weight * (values[i] * values[i]);
    }
  });
}

}  // namespace stockpot::probe
