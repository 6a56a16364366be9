#include "stockpot/probe/ensemble.hpp"

#include <gmock/gmock.h>

#include "unit/probe/probe_support.hpp"

namespace stockpot::probe {
namespace {

using testing::Data;
using testing::expect_near_relative;
using testing::failure_of;
using ::testing::HasSubstr;
using testing::logits_of;
using testing::random_data;
using testing::random_parameters;
using testing::Widths;

const Widths widths{5, 9, 4};

/// Cross-entropy and accuracy of one row, straight from their definitions.
struct Direct {
  double loss = 0;
  double correct = 0;
};
Direct direct(const std::vector<double>& row, std::int64_t label) {
  double sum = 0;
  std::size_t best = 0;
  for (std::size_t c = 0; c < row.size(); ++c) {
    sum += std::exp(row[c]);
    if (row[c] > row[best]) best = c;
  }
  const auto wanted = static_cast<std::size_t>(label);
  return {.loss = -std::log(std::exp(row[wanted]) / sum), .correct = best == wanted ? 1.0 : 0.0};
}

TEST(LogitEnsemble, IsTheMeanOfTheLogits) {
  const Data data = random_data(150, widths, 3);
  const std::vector<Parameters> models{random_parameters(widths, 1), random_parameters(widths, 2),
                                       random_parameters(widths, 3)};
  Direct expected;
  std::vector<std::vector<double>> logits;
  for (const Parameters& model : models) logits.push_back(logits_of(*open_mlp(model), data.batch()));
  for (std::size_t e = 0; e < data.labels.size(); ++e) {
    std::vector<double> mean(4);
    for (std::size_t c = 0; c < 4; ++c) {
      mean[c] = (logits[0][e * 4 + c] + logits[1][e * 4 + c] + logits[2][e * 4 + c]) / 3;
    }
    const Direct one = direct(mean, data.labels[e]);
    expected.loss += one.loss;
    expected.correct += one.correct;
  }
  const Evaluation evaluation = evaluate_logit_ensemble(open_mlp, models, data.batch());
  EXPECT_EQ(evaluation.examples, 150U);
  expect_near_relative(evaluation.loss(), expected.loss / 150, 1e-12, 1, "loss");
  EXPECT_EQ(evaluation.metric("accuracy"), expected.correct / 150);
}

TEST(LogitEnsemble, OfOneModelIsThatModel) {
  const Data data = random_data(130, widths);
  const std::vector<Parameters> models{random_parameters(widths)};
  Evaluation alone;
  open_mlp(models.front())->evaluate(data.batch(), alone);
  const Evaluation ensemble = evaluate_logit_ensemble(open_mlp, models, data.batch());
  EXPECT_EQ(ensemble.loss_sum, alone.loss_sum);
  EXPECT_EQ(ensemble.metric_sums, alone.metric_sums);
}

TEST(LogitEnsemble, TakesModelsOneByOneAndOfOtherWidths) {
  const Data data = random_data(20, widths);
  const std::vector<Parameters> models{random_parameters(widths, 1), random_parameters({5, 3, 4}, 2)};
  LogitEnsemble ensemble(data.batch());
  for (const Parameters& model : models) ensemble.add(*open_mlp(model));
  EXPECT_EQ(ensemble.evaluate().loss_sum, evaluate_logit_ensemble(open_mlp, models, data.batch()).loss_sum);
}

TEST(LogitEnsemble, RefusesWhatDoesNotFitTogether) {
  const Data data = random_data(6, widths);
  const std::vector<Parameters> none;
  const auto empty = failure_of([&] { (void)evaluate_logit_ensemble(open_mlp, none, data.batch()); });
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->code, ExitCode::usage);

  const std::vector<Parameters> models{random_parameters(widths), random_parameters({5, 9, 6})};
  const auto classes = failure_of([&] { (void)evaluate_logit_ensemble(open_mlp, models, data.batch()); });
  ASSERT_TRUE(classes);
  EXPECT_EQ(classes->code, ExitCode::input);
  EXPECT_THAT(classes->message, HasSubstr("6 classes"));

  const std::vector<Parameters> wide{random_parameters({7, 4})};
  const auto inputs = failure_of([&] { (void)evaluate_logit_ensemble(open_mlp, wide, data.batch()); });
  ASSERT_TRUE(inputs);
  EXPECT_EQ(inputs->code, ExitCode::input);
}

}  // namespace
}  // namespace stockpot::probe
