#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "stockpot/base/error.hpp"
#include "stockpot/probe/mlp.hpp"

namespace stockpot::probe::testing {

using Widths = std::vector<std::uint64_t>;

/// Examples with their owner.
struct Data {
  std::vector<double> inputs;
  std::vector<std::int64_t> labels;

  [[nodiscard]] Batch batch(std::uint64_t first_example = 0) const {
    return {.first_example = first_example, .examples = labels.size(), .inputs = inputs, .labels = labels};
  }
};

inline Data random_data(std::uint64_t examples, const Widths& widths, unsigned seed = 1) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  std::uniform_int_distribution<std::int64_t> label(0, static_cast<std::int64_t>(widths.back()) - 1);
  Data data;
  for (std::uint64_t i = 0; i < examples * widths.front(); ++i) data.inputs.push_back(normal(generator));
  for (std::uint64_t e = 0; e < examples; ++e) data.labels.push_back(label(generator));
  return data;
}

/// Initial parameters with biases that are not 0.
inline Parameters random_parameters(const Widths& widths, std::uint64_t seed = 7) {
  Parameters parameters = initial_mlp(widths, seed);
  std::mt19937 generator(static_cast<unsigned>(seed));
  std::normal_distribution<double> normal(0, 0.1);
  for (NamedTensor& tensor : parameters) {
    if (tensor.shape.size() != 1) continue;
    for (double& value : tensor.values) value = normal(generator);
  }
  return parameters;
}

/// The five shapes that most tests run on: one layer, narrow and wide ones, sizes off every tile.
inline const std::vector<Widths> every_widths{{3, 2}, {5, 7, 3}, {4, 8, 6, 5}, {1, 1, 1}, {9, 17, 13, 10}};

inline std::vector<double> logits_of(const Probe& probe, const Batch& batch) {
  std::vector<double> logits(batch.examples * probe.shape().classes);
  probe.logits(batch, logits);
  return logits;
}

/// Fails unless |a - b| <= tolerance * max(|a|, |b|, scale).
inline void expect_near_relative(double a, double b, double tolerance, double scale,
                                 const std::string& what) {
  EXPECT_LE(std::abs(a - b), tolerance * std::max({std::abs(a), std::abs(b), scale}))
      << what << ": " << a << " and " << b;
}

struct Failure {
  ExitCode code;
  std::string message;
  std::string tensor;
};
/// The Error that `action` throws; nullopt if it returns.
inline std::optional<Failure> failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return Failure{error.code(), error.what(), error.subject().tensor};
  }
  return std::nullopt;
}

}  // namespace stockpot::probe::testing
