// Nothing depends on how a batch was cut.
#include <gmock/gmock.h>

#include "unit/probe/probe_support.hpp"

namespace stockpot::probe {
namespace {

using testing::Data;
using testing::logits_of;
using testing::random_data;
using testing::random_parameters;
using testing::Widths;

const Widths cut_widths{9, 17, 13, 10};
constexpr std::uint64_t examples = 151;

class Cuts : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  std::unique_ptr<Probe> probe_ = open_mlp(random_parameters(cut_widths));
  Data data_ = random_data(examples, cut_widths);

  void for_each_part(const std::function<void(const Batch&)>& use) const {
    for (std::uint64_t first = 0; first < examples; first += GetParam()) {
      use(data_.batch(40).slice(first, std::min(GetParam(), examples - first)));
    }
  }
  static std::vector<std::vector<double>> values_of(const Parameters& parameters) {
    std::vector<std::vector<double>> values;
    for (const NamedTensor& tensor : parameters) values.push_back(tensor.values);
    return values;
  }
};

TEST_P(Cuts, LogitsAreTheSameBits) {
  std::vector<double> parts;
  for_each_part([&](const Batch& part) {
    const std::vector<double> logits = logits_of(*probe_, part);
    parts.insert(parts.end(), logits.begin(), logits.end());
  });
  EXPECT_EQ(parts, logits_of(*probe_, data_.batch()));
}

TEST_P(Cuts, GradientsOfExamplesAreTheSameBits) {
  for (const LabelMode mode : {LabelMode::exact, LabelMode::sampled, LabelMode::empirical}) {
    using Visit = std::tuple<std::uint64_t, std::int64_t, double, std::vector<double>>;
    const auto collect = [&](std::vector<Visit>& visits) {
      return [&](const ExampleGradient& gradient) {
        std::vector<double> values;
        for (const auto& tensor : gradient.tensors) values.insert(values.end(), tensor.begin(), tensor.end());
        visits.emplace_back(gradient.example, gradient.label, gradient.weight, std::move(values));
      };
    };
    std::vector<Visit> whole;
    std::vector<Visit> parts;
    probe_->visit_gradients(data_.batch(40), {mode, 11}, collect(whole));
    for_each_part([&](const Batch& part) { probe_->visit_gradients(part, {mode, 11}, collect(parts)); });
    EXPECT_EQ(whole, parts) << name(mode);
  }
}

TEST_P(Cuts, RowsOfLayersAreTheSameBits) {
  using Rows = std::vector<std::vector<double>>;
  const auto collect = [](Rows& values) {
    values.resize(3);
    return [&values](const LayerRows& rows) {
      values[rows.module].insert(values[rows.module].end(), rows.values.begin(), rows.values.end());
      values[rows.module].insert(values[rows.module].end(), rows.weights.begin(), rows.weights.end());
    };
  };
  Rows whole;
  Rows parts;
  probe_->visit_layer_inputs(data_.batch(40), collect(whole));
  for_each_part([&](const Batch& part) { probe_->visit_layer_inputs(part, collect(parts)); });
  EXPECT_EQ(whole, parts);
  probe_->visit_output_gradients(data_.batch(40), {LabelMode::sampled, 2}, collect(whole));
  for_each_part([&](const Batch& part) {
    probe_->visit_output_gradients(part, {LabelMode::sampled, 2}, collect(parts));
  });
  EXPECT_EQ(whole, parts);
}

TEST_P(Cuts, SumsThatAreCarriedOnAreTheSameBits) {
  LossGradient whole;
  LossGradient parts;
  Parameters whole_squares;
  Parameters part_squares;
  probe_->add_loss_gradient(data_.batch(40), whole);
  probe_->add_squared_gradients(data_.batch(40), {LabelMode::exact, 0}, whole_squares);
  for_each_part([&](const Batch& part) {
    probe_->add_loss_gradient(part, parts);
    probe_->add_squared_gradients(part, {LabelMode::exact, 0}, part_squares);
  });
  EXPECT_EQ(whole.evaluation.loss_sum, parts.evaluation.loss_sum);
  EXPECT_EQ(whole.evaluation.metric_sums, parts.evaluation.metric_sums);
  EXPECT_EQ(values_of(whole.gradient_sum), values_of(parts.gradient_sum));
  EXPECT_EQ(values_of(whole_squares), values_of(part_squares));
}

INSTANTIATE_TEST_SUITE_P(Parts, Cuts, ::testing::Values(1, 2, 3, 5, 63, 64, 65, 150));

/// A backend without own ways of sums gets them from the interface.
class WithoutSums : public Probe {
 public:
  explicit WithoutSums(const Parameters& parameters) : mlp_(open_mlp(parameters)) {}
  [[nodiscard]] const ModelShape& shape() const override { return mlp_->shape(); }
  void logits(const Batch& batch, std::span<double> out) const override { mlp_->logits(batch, out); }
  void add_pullback(const Batch& batch, std::span<const double> gradients, Parameters& sums) const override {
    mlp_->add_pullback(batch, gradients, sums);
  }
  void visit_gradients(const Batch& batch, LabelChoice labels, const GradientVisitor& visit) const override {
    mlp_->visit_gradients(batch, labels, visit);
  }

 private:
  std::unique_ptr<Probe> mlp_;
};

TEST(Interface, LossGradientsFollowFromLogitsAndPullbacks) {
  const Parameters parameters = random_parameters(cut_widths);
  const Data data = random_data(examples, cut_widths);
  LossGradient own;
  LossGradient made;
  open_mlp(parameters)->add_loss_gradient(data.batch(), own);
  WithoutSums(parameters).add_loss_gradient(data.batch(), made);
  EXPECT_EQ(own.evaluation.loss_sum, made.evaluation.loss_sum);
  ASSERT_EQ(own.gradient_sum.size(), made.gradient_sum.size());
  for (std::size_t t = 0; t < own.gradient_sum.size(); ++t) {
    EXPECT_EQ(own.gradient_sum[t].values, made.gradient_sum[t].values);
  }
}

TEST(Interface, SquaredGradientsFollowFromVisits) {
  const Parameters parameters = random_parameters(cut_widths);
  const Data data = random_data(examples, cut_widths);
  for (const LabelMode mode : {LabelMode::exact, LabelMode::sampled, LabelMode::empirical}) {
    Parameters own;
    Parameters made;
    open_mlp(parameters)->add_squared_gradients(data.batch(), {mode, 1}, own);
    WithoutSums(parameters).add_squared_gradients(data.batch(), {mode, 1}, made);
    ASSERT_EQ(own.size(), made.size());
    for (std::size_t t = 0; t < own.size(); ++t) {
      ASSERT_EQ(own[t].values.size(), made[t].values.size());
      for (std::size_t i = 0; i < own[t].values.size(); ++i) {
        testing::expect_near_relative(own[t].values[i], made[t].values[i], 1e-13, 1e-6, own[t].name);
      }
    }
  }
}

TEST(Interface, WhatABackendCannotDoIsAnErrorOfUsage) {
  class EvaluationOnly : public Probe {
   public:
    [[nodiscard]] const ModelShape& shape() const override { return shape_; }
    void evaluate(const Batch& batch, Evaluation& total) const override { total.examples += batch.examples; }

   private:
    ModelShape shape_{.input_elements = 1, .classes = 2, .modules = {}, .parameters = {}};
  };
  const EvaluationOnly probe;
  const std::vector<double> inputs{1};
  const Batch batch{.first_example = 0, .examples = 1, .inputs = inputs, .labels = {}};
  Evaluation total;
  probe.evaluate(batch, total);
  EXPECT_EQ(total.examples, 1U);
  Parameters sums;
  std::vector<double> out(2);
  for (const std::function<void()>& action : std::vector<std::function<void()>>{
           [&] { probe.logits(batch, out); }, [&] { probe.add_pullback(batch, out, sums); },
           [&] { probe.visit_gradients(batch, {}, [](const ExampleGradient&) {}); },
           [&] { probe.add_squared_gradients(batch, {}, sums); },
           [&] { probe.visit_layer_inputs(batch, [](const LayerRows&) {}); },
           [&] { probe.visit_output_gradients(batch, {}, [](const LayerRows&) {}); }}) {
    const auto failure = testing::failure_of(action);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, ExitCode::usage);
    EXPECT_THAT(failure->message, ::testing::HasSubstr("this probe gives no"));
  }
}

}  // namespace
}  // namespace stockpot::probe
