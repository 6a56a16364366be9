// How the kinds of gradients and statistics hang together.
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

class Gradients : public ::testing::TestWithParam<Widths> {
 protected:
  std::unique_ptr<Probe> probe_ = open_mlp(random_parameters(GetParam()));
  Data data_ = random_data(150, GetParam());  // several blocks

  static void expect_near(const Parameters& a, const Parameters& b, double tolerance) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t t = 0; t < a.size(); ++t) {
      ASSERT_EQ(a[t].values.size(), b[t].values.size());
      for (std::size_t i = 0; i < a[t].values.size(); ++i) {
        expect_near_relative(a[t].values[i], b[t].values[i], tolerance, 1, a[t].name);
      }
    }
  }
};

TEST_P(Gradients, OfExamplesAddUpToTheBatchs) {
  LossGradient total;
  probe_->add_loss_gradient(data_.batch(), total);
  Parameters sums = zeros(probe_->shape().parameters);
  std::vector<std::uint64_t> order;
  probe_->visit_gradients(data_.batch(100), {LabelMode::empirical, 0}, [&](const ExampleGradient& gradient) {
    order.push_back(gradient.example);
    EXPECT_EQ(gradient.label, data_.labels[gradient.example - 100]);
    EXPECT_EQ(gradient.weight, 1.0);
    for (std::size_t t = 0; t < sums.size(); ++t) {
      for (std::size_t i = 0; i < sums[t].values.size(); ++i) sums[t].values[i] -= gradient.tensors[t][i];
    }
  });
  expect_near(total.gradient_sum, sums, 1e-12);
  ASSERT_EQ(order.size(), 150U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(order.front(), 100U);
}

/// sum over classes of p * d log p is 0, which catches a wrong weight or class.
TEST_P(Gradients, OfExactLabelsCancel) {
  Parameters sums = zeros(probe_->shape().parameters);
  std::vector<double> weight_of(data_.labels.size());
  probe_->visit_gradients(data_.batch(), {LabelMode::exact, 0}, [&](const ExampleGradient& gradient) {
    weight_of[gradient.example] += gradient.weight;
    for (std::size_t t = 0; t < sums.size(); ++t) {
      for (std::size_t i = 0; i < sums[t].values.size(); ++i) {
        sums[t].values[i] += gradient.weight * gradient.tensors[t][i];
      }
    }
  });
  expect_near(sums, zeros(probe_->shape().parameters), 1e-12);
  for (const double weight : weight_of) EXPECT_NEAR(weight, 1, 1e-14);
}

/// F of the last bias is mean of sum_c p_c (1[c = j] - p_j)^2 = mean of p_j (1 - p_j), by hand.
TEST_P(Gradients, ExactFisherIsItsDefinition) {
  const std::size_t classes = GetParam().back();
  Parameters fisher;
  probe_->add_squared_gradients(data_.batch(), {LabelMode::exact, 0}, fisher);
  std::vector<double> probabilities = logits_of(*probe_, data_.batch());
  std::vector<double> expected(classes);
  for (std::size_t e = 0; e < data_.labels.size(); ++e) {
    const std::span<double> row = std::span(probabilities).subspan(e * classes, classes);
    softmax(row);
    for (std::size_t j = 0; j < classes; ++j) expected[j] += row[j] * (1 - row[j]);
  }
  for (std::size_t j = 0; j < classes; ++j) {
    expect_near_relative(fisher.back().values[j], expected[j], 1e-12, 1e-3, "last bias");
  }
}

/// Squares per example, never the square of a sum.
TEST_P(Gradients, SquaresAreTakenPerExample) {
  for (const LabelMode mode : {LabelMode::exact, LabelMode::sampled, LabelMode::empirical}) {
    Parameters squares;
    probe_->add_squared_gradients(data_.batch(), {mode, 5}, squares);
    Parameters expected = zeros(probe_->shape().parameters);
    probe_->visit_gradients(data_.batch(), {mode, 5}, [&](const ExampleGradient& gradient) {
      for (std::size_t t = 0; t < expected.size(); ++t) {
        for (std::size_t i = 0; i < expected[t].values.size(); ++i) {
          const double g = gradient.tensors[t][i];
          expected[t].values[i] += gradient.weight * g * g;
        }
      }
    });
    expect_near(squares, expected, 1e-12);
  }
}

/// A weight's gradient is the outer product of its layer's rows, so its square sum follows from them.
TEST_P(Gradients, RowsOfLayersMakeTheWeightsGradients) {
  std::vector<std::vector<double>> inputs(probe_->shape().modules.size());
  std::vector<std::vector<double>> outputs(inputs.size());
  probe_->visit_layer_inputs(data_.batch(), [&](const LayerRows& rows) {
    EXPECT_EQ(rows.values.size(), rows.rows * probe_->shape().modules[rows.module].input_elements);
    EXPECT_TRUE(rows.weights.empty());
    inputs[rows.module].insert(inputs[rows.module].end(), rows.values.begin(), rows.values.end());
  });
  probe_->visit_output_gradients(data_.batch(), {LabelMode::empirical, 0}, [&](const LayerRows& rows) {
    EXPECT_TRUE(rows.weights.empty());
    outputs[rows.module].insert(outputs[rows.module].end(), rows.values.begin(), rows.values.end());
  });
  Parameters squares;
  probe_->add_squared_gradients(data_.batch(), {LabelMode::empirical, 0}, squares);
  for (std::size_t l = 0; l < inputs.size(); ++l) {
    const auto [name, d_in, d_out] = probe_->shape().modules[l];
    ASSERT_EQ(inputs[l].size(), 150 * d_in);
    ASSERT_EQ(outputs[l].size(), 150 * d_out);
    for (std::size_t o = 0; o < d_out; ++o) {
      for (std::size_t i = 0; i < d_in; ++i) {
        double sum = 0;
        for (std::size_t e = 0; e < 150; ++e) {
          sum += std::pow(outputs[l][e * d_out + o] * inputs[l][e * d_in + i], 2);
        }
        expect_near_relative(squares[2 * l].values[o * d_in + i], sum, 1e-12, 1e-6, name);
      }
    }
  }
}

TEST_P(Gradients, ExactRowsCarryTheirProbability) {
  const std::size_t classes = GetParam().back();
  std::vector<double> probabilities = logits_of(*probe_, data_.batch());
  for (std::size_t e = 0; e < 150; ++e) softmax(std::span(probabilities).subspan(e * classes, classes));
  std::vector<double> weights;
  probe_->visit_output_gradients(data_.batch(), {LabelMode::exact, 0}, [&](const LayerRows& rows) {
    ASSERT_EQ(rows.weights.size(), rows.rows);
    if (rows.module == 0) weights.insert(weights.end(), rows.weights.begin(), rows.weights.end());
  });
  EXPECT_EQ(weights, probabilities);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Gradients, ::testing::ValuesIn(every_widths));

/// X^T X of what is shown against a forward pass written out.
TEST(LayerInputs, GramsAreThoseOfAPlainLoop) {
  const Widths widths{5, 7, 6, 3};
  const Parameters parameters = random_parameters(widths);
  const std::unique_ptr<Probe> probe = open_mlp(parameters);
  const Data data = random_data(70, widths);
  std::vector<std::vector<double>> grams;
  for (const Module& module : probe->shape().modules)
    grams.emplace_back(module.input_elements * module.input_elements);
  const auto add = [](std::vector<double>& gram, std::span<const double> row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      for (std::size_t j = 0; j < row.size(); ++j) gram[i * row.size() + j] += row[i] * row[j];
    }
  };
  probe->visit_layer_inputs(data.batch(), [&](const LayerRows& rows) {
    const std::size_t width = probe->shape().modules[rows.module].input_elements;
    for (std::size_t row = 0; row < rows.rows; ++row)
      add(grams[rows.module], rows.values.subspan(row * width, width));
  });
  std::vector<std::vector<double>> expected;
  for (const auto& gram : grams) expected.emplace_back(gram.size());
  for (std::size_t e = 0; e < 70; ++e) {
    std::vector<double> row(data.inputs.begin() + static_cast<std::ptrdiff_t>(e * 5),
                            data.inputs.begin() + static_cast<std::ptrdiff_t>(e * 5 + 5));
    for (std::size_t l = 0; l < 3; ++l) {
      add(expected[l], row);
      std::vector<double> next(widths[l + 1]);
      for (std::size_t o = 0; o < next.size(); ++o) {
        next[o] = parameters[2 * l + 1].values[o];
        for (std::size_t i = 0; i < row.size(); ++i)
          next[o] += row[i] * parameters[2 * l].values[o * row.size() + i];
        next[o] = std::max(next[o], 0.0);
      }
      row = next;
    }
  }
  EXPECT_EQ(grams, expected);  // the stated order, so the same bits
}

}  // namespace
}  // namespace stockpot::probe
