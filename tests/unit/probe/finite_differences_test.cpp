// Every kind of gradient against central differences of the logits' own log-probabilities.
#include <gmock/gmock.h>

#include "unit/probe/probe_support.hpp"

namespace stockpot::probe {
namespace {

using testing::Data;
using testing::every_widths;
using testing::expect_near_relative;
using testing::logits_of;
using testing::random_data;
using testing::random_parameters;
using testing::Widths;

constexpr double step = 1e-5;
constexpr double difference_tolerance = 1e-6;

class FiniteDifferences : public ::testing::TestWithParam<Widths> {
 protected:
  Parameters parameters_ = random_parameters(GetParam());
  Data data_ = random_data(6, GetParam());

  /// d function / d parameter by moving that parameter both ways.
  double difference(std::size_t tensor, std::size_t element,
                    const std::function<double(const Probe&)>& function) {
    Parameters moved = parameters_;
    moved[tensor].values[element] += step;
    const double above = function(*open_mlp(moved));
    moved[tensor].values[element] -= 2 * step;
    return (above - function(*open_mlp(moved))) / (2 * step);
  }
  /// Compares a gradient, whose largest element gives the scale of what rounding may cost.
  void expect_gradient(const std::vector<std::vector<double>>& gradient,
                       const std::function<double(const Probe&)>& function) {
    double scale = 1e-3;
    for (const auto& tensor : gradient) {
      for (const double value : tensor) scale = std::max(scale, std::abs(value));
    }
    ASSERT_EQ(gradient.size(), parameters_.size());
    for (std::size_t t = 0; t < gradient.size(); ++t) {
      ASSERT_EQ(gradient[t].size(), parameters_[t].values.size());
      for (std::size_t i = 0; i < gradient[t].size(); ++i) {
        expect_near_relative(gradient[t][i], difference(t, i, function), difference_tolerance, scale,
                             parameters_[t].name + " " + std::to_string(i));
      }
    }
  }
  static std::vector<std::vector<double>> values_of(const Parameters& gradient) {
    std::vector<std::vector<double>> values;
    for (const NamedTensor& tensor : gradient) values.push_back(tensor.values);
    return values;
  }
  static double log_probability(const Probe& probe, const Batch& example, std::int64_t label) {
    return -score(logits_of(probe, example), label).loss;
  }
};

TEST_P(FiniteDifferences, MeanLoss) {
  LossGradient total;
  open_mlp(parameters_)->add_loss_gradient(data_.batch(), total);
  expect_gradient(values_of(total.mean_gradient()), [&](const Probe& probe) {
    Evaluation evaluation;
    probe.evaluate(data_.batch(), evaluation);
    return evaluation.loss();
  });
}

TEST_P(FiniteDifferences, AnyFunctionOfTheLogits) {
  const std::unique_ptr<Probe> probe = open_mlp(parameters_);
  std::vector<double> factors;
  for (const double logit : logits_of(*probe, data_.batch())) factors.push_back(std::cos(3 * logit));
  Parameters sums;
  probe->add_pullback(data_.batch(), factors, sums);
  expect_gradient(values_of(sums), [&](const Probe& moved) {
    const std::vector<double> logits = logits_of(moved, data_.batch());
    double sum = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) sum += factors[i] * logits[i];
    return sum;
  });
}

TEST_P(FiniteDifferences, EachExampleAndLabel) {
  const std::unique_ptr<Probe> probe = open_mlp(parameters_);
  for (const LabelMode mode : {LabelMode::exact, LabelMode::sampled, LabelMode::empirical}) {
    std::size_t visits = 0;
    probe->visit_gradients(data_.batch(), {mode, 3}, [&](const ExampleGradient& shown) {
      ++visits;
      std::vector<std::vector<double>> gradient;
      for (const auto& tensor : shown.tensors) gradient.emplace_back(tensor.begin(), tensor.end());
      const Batch example = data_.batch().slice(shown.example, 1);
      expect_gradient(gradient,
                      [&](const Probe& moved) { return log_probability(moved, example, shown.label); });
    });
    EXPECT_EQ(visits, mode == LabelMode::exact ? 6 * GetParam().back() : 6) << name(mode);
  }
}

/// A bias moves its layer's output by as much, so the derivatives agree; for one example alone.
TEST_P(FiniteDifferences, LayerOutputs) {
  const std::unique_ptr<Probe> probe = open_mlp(parameters_);
  for (std::uint64_t e = 0; e < data_.labels.size(); ++e) {
    const Batch example = data_.batch().slice(e, 1);
    std::size_t modules = 0;
    probe->visit_output_gradients(example, {LabelMode::exact, 0}, [&](const LayerRows& rows) {
      ++modules;
      const Module& module = probe->shape().modules[rows.module];
      ASSERT_EQ(rows.rows, GetParam().back());
      ASSERT_EQ(rows.values.size(), rows.rows * module.output_elements);
      const std::size_t bias = 2 * rows.module + 1;
      ASSERT_EQ(parameters_[bias].name, module.name + ".bias");
      for (std::size_t row = 0; row < rows.rows; ++row) {
        for (std::size_t o = 0; o < module.output_elements; ++o) {
          const double expected = difference(bias, o, [&](const Probe& moved) {
            return log_probability(moved, example, static_cast<std::int64_t>(row));
          });
          expect_near_relative(rows.values[row * module.output_elements + o], expected, difference_tolerance,
                               1, module.name);
        }
      }
    });
    EXPECT_EQ(modules, GetParam().size() - 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, FiniteDifferences, ::testing::ValuesIn(every_widths));

}  // namespace
}  // namespace stockpot::probe
