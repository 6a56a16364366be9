#include "stockpot/probe/training.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <numeric>

#include "stockpot/probe/adam.hpp"
#include "unit/probe/probe_support.hpp"

namespace stockpot::probe {
namespace {

using testing::Data;
using testing::failure_of;
using ::testing::HasSubstr;
using testing::Widths;

/// Three clouds in the plane, which a line can't part well from the other two.
Data clouds(std::uint64_t examples) {
  std::mt19937 generator(4);
  std::normal_distribution<double> normal(0, 0.4);
  Data data;
  for (std::uint64_t e = 0; e < examples; ++e) {
    const auto label = static_cast<std::int64_t>(e % 3);
    data.inputs.push_back(static_cast<double>(label) - 1 + normal(generator));
    data.inputs.push_back((label == 1 ? 1.5 : 0) + normal(generator));
    data.labels.push_back(label);
  }
  return data;
}

const Widths trained_widths{2, 16, 3};

std::vector<std::vector<double>> values_of(const Parameters& parameters) {
  std::vector<std::vector<double>> values;
  for (const NamedTensor& tensor : parameters) values.push_back(tensor.values);
  return values;
}

TEST(Training, LowersTheLossAndIsReproducible) {
  const Data data = clouds(240);
  const TrainingOptions options{.epochs = 20, .batch_size = 32, .learning_rate = 1e-2, .seed = 3};
  const TrainingResult first = train(open_mlp, initial_mlp(trained_widths, 3), data.batch(), options);
  ASSERT_EQ(first.history.size(), 20U);
  EXPECT_LT(first.history.back().loss, 0.5 * first.history.front().loss);
  EXPECT_GT(first.history.back().accuracy, 0.9);
  Evaluation evaluation;
  open_mlp(first.parameters)->evaluate(data.batch(), evaluation);
  EXPECT_GT(evaluation.metric("accuracy"), 0.9);

  const TrainingResult second = train(open_mlp, initial_mlp(trained_widths, 3), data.batch(), options);
  EXPECT_EQ(values_of(first.parameters), values_of(second.parameters));
  for (std::size_t e = 0; e < 20; ++e) EXPECT_EQ(first.history[e].loss, second.history[e].loss);

  TrainingOptions other = options;
  other.seed = 4;
  EXPECT_NE(values_of(train(open_mlp, initial_mlp(trained_widths, 3), data.batch(), other).parameters),
            values_of(first.parameters));
}

/// The update written out for one batch per epoch.
TEST(Training, StepsAreThoseOfAdamW) {
  const Data data = clouds(30);
  const TrainingOptions options{
      .epochs = 4, .batch_size = 0, .learning_rate = 0.02, .weight_decay = 0.1, .shuffle = false};
  Parameters expected = initial_mlp(trained_widths, 1);
  const TrainingResult result = train(open_mlp, expected, data.batch(), options);
  std::vector<std::vector<double>> m = values_of(zeros(open_mlp(expected)->shape().parameters));
  std::vector<std::vector<double>> v = m;
  for (int step = 1; step <= 4; ++step) {
    LossGradient total;
    open_mlp(expected)->add_loss_gradient(data.batch(), total);
    EXPECT_DOUBLE_EQ(result.history[static_cast<std::size_t>(step - 1)].loss, total.evaluation.loss());
    const Parameters gradient = total.mean_gradient();
    for (std::size_t t = 0; t < m.size(); ++t) {
      for (std::size_t i = 0; i < m[t].size(); ++i) {
        const double g = gradient[t].values[i];
        m[t][i] = 0.9 * m[t][i] + 0.1 * g;
        v[t][i] = 0.999 * v[t][i] + 0.001 * g * g;
        const double m_hat = m[t][i] / (1 - std::pow(0.9, step));
        const double v_hat = v[t][i] / (1 - std::pow(0.999, step));
        double& value = expected[t].values[i];
        value = value - 0.02 * 0.1 * value - 0.02 * m_hat / (std::sqrt(v_hat) + 1e-8);
      }
    }
  }
  for (std::size_t t = 0; t < m.size(); ++t) {
    for (std::size_t i = 0; i < m[t].size(); ++i) {
      EXPECT_NEAR(result.parameters[t].values[i], expected[t].values[i], 1e-12);
    }
  }
}

/// The smoothed loss is a mean of the losses with each class as label, and so is its gradient.
TEST(Training, SmoothedTargetsAreMixturesOfLabels) {
  const Data data = clouds(30);
  const TrainingOptions options{.epochs = 1,
                                .batch_size = 0,
                                .learning_rate = 0.1,
                                .label_smoothing = 0.3,
                                .epsilon = 1,
                                .shuffle = false};
  const Parameters initial = initial_mlp(trained_widths, 1);
  const auto gradient_of = [&](const std::vector<std::int64_t>& labels) {
    LossGradient total;
    Batch batch = data.batch();
    batch.labels = labels;
    open_mlp(initial)->add_loss_gradient(batch, total);
    return total.mean_gradient();
  };
  Parameters smoothed = gradient_of(data.labels);
  for (NamedTensor& tensor : smoothed) {
    for (double& value : tensor.values) value *= 0.7;
  }
  for (std::int64_t label = 0; label < 3; ++label) {
    const Parameters one = gradient_of(std::vector<std::int64_t>(data.labels.size(), label));
    for (std::size_t t = 0; t < smoothed.size(); ++t) {
      for (std::size_t i = 0; i < smoothed[t].values.size(); ++i) {
        smoothed[t].values[i] += 0.1 * one[t].values[i];
      }
    }
  }
  Parameters expected = initial;
  Adam(expected, options).step(expected, smoothed, options.learning_rate);
  const TrainingResult result = train(open_mlp, initial, data.batch(), options);
  for (std::size_t t = 0; t < expected.size(); ++t) {
    for (std::size_t i = 0; i < expected[t].values.size(); ++i) {
      EXPECT_NEAR(result.parameters[t].values[i], expected[t].values[i], 1e-9) << t << " " << i;
    }
  }
  Evaluation evaluation;
  open_mlp(initial)->evaluate(data.batch(), evaluation);
  EXPECT_DOUBLE_EQ(result.history.front().loss, evaluation.loss());
}

TEST(Training, FrozenTensorsStay) {
  const Data data = clouds(30);
  const Parameters initial = initial_mlp(trained_widths, 1);
  const TrainingResult result =
      train(open_mlp, initial, data.batch(),
            {.epochs = 2, .weight_decay = 0.1, .frozen = {"layers.1.weight", "layers.1.bias"}});
  EXPECT_NE(result.parameters[0].values, initial[0].values);
  EXPECT_NE(result.parameters[1].values, initial[1].values);
  EXPECT_EQ(result.parameters[2].values, initial[2].values);
  EXPECT_EQ(result.parameters[3].values, initial[3].values);
}

TEST(Training, CosineStartsAtTheRateAndFalls) {
  const Data data = clouds(30);
  TrainingOptions options{.epochs = 1, .batch_size = 0};
  const Parameters initial = initial_mlp(trained_widths, 1);
  const auto trained = [&](Schedule schedule, std::uint64_t epochs) {
    options.schedule = schedule;
    options.epochs = epochs;
    return values_of(train(open_mlp, initial, data.batch(), options).parameters);
  };
  EXPECT_EQ(trained(Schedule::cosine, 1), trained(Schedule::constant, 1));
  EXPECT_NE(trained(Schedule::cosine, 2), trained(Schedule::constant, 2));
}

TEST(Training, AugmentsCopies) {
  const Data data = clouds(7);
  const std::vector<double> before = data.inputs;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> calls;
  TrainingOptions options{.epochs = 2, .batch_size = 3, .shuffle = false};
  options.augment = [&](std::uint64_t epoch, std::uint64_t example, std::span<double> inputs) {
    calls.emplace_back(epoch, example);
    EXPECT_EQ(inputs[0], before[2 * example]);
    inputs[0] = 0;
    inputs[1] = 0;
  };
  const TrainingResult result = train(open_mlp, initial_mlp(trained_widths, 1), data.batch(), options);
  EXPECT_EQ(data.inputs, before);
  ASSERT_EQ(calls.size(), 14U);
  EXPECT_EQ(calls[8], (std::pair<std::uint64_t, std::uint64_t>{1, 1}));
  EXPECT_NEAR(result.history.front().loss, std::log(3.0), 0.05);  // without inputs only biases are left
}

TEST(Training, OrdersArePermutationsThatDiffer) {
  std::vector<std::uint64_t> order = training_order(1, 0, 100);
  EXPECT_NE(order, training_order(1, 1, 100));
  EXPECT_NE(order, training_order(2, 0, 100));
  EXPECT_EQ(order, training_order(1, 0, 100));
  std::sort(order.begin(), order.end());
  std::vector<std::uint64_t> all(100);
  std::iota(all.begin(), all.end(), 0U);
  EXPECT_EQ(order, all);
}

TEST(Training, InitialParametersAreHes) {
  const Parameters parameters = initial_mlp(Widths{600, 50, 4}, 9);
  const double bound = std::sqrt(6.0 / 600);
  double sum_of_squares = 0;
  for (const double value : parameters[0].values) {
    EXPECT_LE(std::abs(value), bound);
    sum_of_squares += value * value;
  }
  EXPECT_NEAR(sum_of_squares / 30000, 2.0 / 600, 0.1 / 600);
  EXPECT_EQ(parameters[1].values, std::vector<double>(50));
  EXPECT_EQ(values_of(parameters), values_of(initial_mlp(Widths{600, 50, 4}, 9)));
  EXPECT_NE(parameters[0].values, initial_mlp(Widths{600, 50, 4}, 8)[0].values);
  for (const Widths& bad : {Widths{}, Widths{3}, Widths{3, 0, 2}}) {
    const auto failure = failure_of([&] { initial_mlp(bad, 0); });
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, ExitCode::usage);
  }
}

TEST(Training, RefusesBadOptionsAndData) {
  const Data data = clouds(6);
  const auto code_of = [&](const TrainingOptions& options, const Batch& batch) {
    const auto failure = failure_of([&] { train(open_mlp, initial_mlp(trained_widths, 1), batch, options); });
    return failure ? failure->code : ExitCode::success;
  };
  EXPECT_EQ(code_of({.learning_rate = -1}, data.batch()), ExitCode::usage);
  EXPECT_EQ(code_of({.weight_decay = std::nan("")}, data.batch()), ExitCode::usage);
  EXPECT_EQ(code_of({.beta1 = 1}, data.batch()), ExitCode::usage);
  EXPECT_EQ(code_of({.beta2 = -0.1}, data.batch()), ExitCode::usage);
  EXPECT_EQ(code_of({.epsilon = 0}, data.batch()), ExitCode::usage);
  EXPECT_EQ(code_of({.frozen = {"layers.2.bias"}}, data.batch()), ExitCode::usage);
  const Data bad_label{{1, 2}, {3}};
  const Data too_wide{{1, 2, 3}, {0}};
  const Data overflowing{{std::numeric_limits<double>::infinity(), 1}, {0}};
  EXPECT_EQ(code_of({}, Batch{}), ExitCode::input);
  EXPECT_EQ(code_of({}, bad_label.batch()), ExitCode::input);
  EXPECT_EQ(code_of({}, too_wide.batch()), ExitCode::input);
  EXPECT_EQ(code_of({}, overflowing.batch()), ExitCode::input);
  EXPECT_EQ(code_of({.epochs = 0}, data.batch()), ExitCode::success);
}

}  // namespace
}  // namespace stockpot::probe
