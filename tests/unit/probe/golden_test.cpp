// What tests/golden/make_probe.py computed with NumPy.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "unit/probe/probe_support.hpp"

namespace stockpot::probe {
namespace {

using testing::expect_near_relative;
using testing::logits_of;

constexpr double golden_tolerance = 1e-12;

nlohmann::json golden() {
  const auto path = std::filesystem::path(__FILE__).parent_path() / "../../golden/probe/mlp.json";
  return nlohmann::json::parse(std::ifstream(path));
}

class GoldenMlp : public ::testing::TestWithParam<const char*> {
 protected:
  GoldenMlp() {
    for (const auto& [name, tensor] : case_.at("parameters").items()) {
      parameters_.push_back({name, tensor.at("shape"), tensor.at("values")});
    }
    probe_ = open_mlp(parameters_);
    data_.inputs = case_.at("x").at("values").get<std::vector<double>>();
    data_.labels = case_.at("y").get<std::vector<std::int64_t>>();
  }
  static void expect_values(std::span<const double> values, const nlohmann::json& expected,
                            const std::string& what) {
    const auto numbers = expected.at("values").get<std::vector<double>>();
    ASSERT_EQ(values.size(), numbers.size()) << what;
    for (std::size_t i = 0; i < numbers.size(); ++i)
      expect_near_relative(values[i], numbers[i], golden_tolerance, 1e-2, what);
  }

  nlohmann::json case_ = golden().at("cases").at(GetParam());
  nlohmann::json expected_ = case_.at("expected");
  Parameters parameters_;
  std::unique_ptr<Probe> probe_;
  testing::Data data_;
};

TEST_P(GoldenMlp, LogitsLossAndAccuracy) {
  expect_values(logits_of(*probe_, data_.batch()), expected_.at("logits"), "logits");
  Evaluation evaluation;
  probe_->evaluate(data_.batch(), evaluation);
  EXPECT_NEAR(evaluation.loss(), expected_.at("loss").get<double>(), golden_tolerance);
  EXPECT_EQ(evaluation.metric("accuracy"), expected_.at("accuracy").get<double>());
}

TEST_P(GoldenMlp, GradientOfTheMeanLoss) {
  LossGradient total;
  probe_->add_loss_gradient(data_.batch(), total);
  for (const NamedTensor& tensor : total.mean_gradient()) {
    expect_values(tensor.values, expected_.at("gradient").at(tensor.name), tensor.name);
  }
}

TEST_P(GoldenMlp, SquaredGradientsOfEachExample) {
  Parameters squares = zeros(probe_->shape().parameters);
  for (NamedTensor& tensor : squares) tensor.values.clear();
  probe_->visit_gradients(data_.batch(), {LabelMode::empirical, 0}, [&](const ExampleGradient& gradient) {
    for (std::size_t t = 0; t < squares.size(); ++t) {
      for (const double g : gradient.tensors[t]) squares[t].values.push_back(g * g);
    }
  });
  for (const NamedTensor& tensor : squares) {
    expect_values(tensor.values, expected_.at("squared_gradients").at(tensor.name), tensor.name);
  }
}

TEST_P(GoldenMlp, ExactFisher) {
  Parameters sums;
  probe_->add_squared_gradients(data_.batch(), {LabelMode::exact, 0}, sums);
  for (NamedTensor& tensor : sums) {
    for (double& value : tensor.values) value /= static_cast<double>(data_.labels.size());
    expect_values(tensor.values, expected_.at("exact_fisher").at(tensor.name), tensor.name);
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenMlp, ::testing::Values("one_layer", "two_layers", "three_layers"));

TEST(GoldenMlpFile, HasNoOtherCases) {
  EXPECT_EQ(golden().at("cases").size(), 3U);
}

}  // namespace
}  // namespace stockpot::probe
