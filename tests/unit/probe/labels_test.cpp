#include <gmock/gmock.h>

#include <numeric>

#include "stockpot/probe/labels.hpp"
#include "unit/probe/probe_support.hpp"

namespace stockpot::probe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Labels, SoftmaxOfHugeLogitsDoesNotOverflow) {
  std::vector<double> row{1e300, 1e300, -1e300};
  softmax(row);
  EXPECT_THAT(row, ElementsAre(0.5, 0.5, 0.0));
  const std::vector<double> logits{1000, 0, -1000};
  EXPECT_EQ(score(logits, 0).loss, 0.0);
  EXPECT_EQ(score(logits, 1).loss, 1000.0);
  EXPECT_EQ(score(logits, 2).loss, 2000.0);
  EXPECT_EQ(score(std::vector<double>{-1e5, -1e5}, 0).loss, std::log(2.0));
}

TEST(Labels, LossKeepsSmallValues) {
  // log(1 + exp(-30)) of the likelier of two classes
  EXPECT_NEAR(score(std::vector<double>{30, 0}, 0).loss, std::log1p(std::exp(-30.0)), 3e-16);
}

TEST(Labels, OfEqualLogitsTheLowestClassWins) {
  const std::vector<double> logits{1, 3, 3};
  EXPECT_FALSE(score(logits, 0).correct);
  EXPECT_TRUE(score(logits, 1).correct);
  EXPECT_FALSE(score(logits, 2).correct);
}

TEST(Labels, OneClassIsCertain) {
  const std::vector<double> logits{-7};
  EXPECT_EQ(score(logits, 0).loss, 0.0);
  EXPECT_TRUE(score(logits, 0).correct);
  EXPECT_EQ(draw_label(0, 0, std::vector<double>{1.0}), 0);
}

TEST(Labels, AreDrawnAsOftenAsTheirProbabilitySays) {
  const std::vector<double> probabilities{0.1, 0.0, 0.6, 0.3};
  std::vector<double> counts(4);
  constexpr std::uint64_t draws = 20000;
  for (std::uint64_t e = 0; e < draws; ++e) {
    ++counts[static_cast<std::size_t>(draw_label(5, e, probabilities))];
  }
  EXPECT_EQ(counts[1], 0.0);
  for (std::size_t c = 0; c < 4; ++c) EXPECT_NEAR(counts[c] / draws, probabilities[c], 0.015) << c;
}

TEST(Labels, DependOnSeedAndExample) {
  const std::vector<double> probabilities(1000, 1e-3);
  EXPECT_EQ(draw_label(1, 2, probabilities), draw_label(1, 2, probabilities));
  EXPECT_NE(draw_label(1, 2, probabilities), draw_label(1, 3, probabilities));
  EXPECT_NE(draw_label(1, 2, probabilities), draw_label(2, 2, probabilities));
}

TEST(Labels, ASumBelowOneStillGivesAPossibleClass) {
  EXPECT_EQ(draw_label(0, 0, std::vector<double>{1e-300, 1e-300, 0.0}), 1);
}

TEST(Labels, ModesHaveNames) {
  for (const LabelMode mode : {LabelMode::exact, LabelMode::sampled, LabelMode::empirical}) {
    EXPECT_EQ(label_mode_from_name(name(mode)), mode);
  }
  EXPECT_EQ(label_mode_from_name("Exact"), std::nullopt);
  EXPECT_EQ(label_mode_from_name(""), std::nullopt);
}

TEST(Evaluations, AreMeansOverExamples) {
  Evaluation evaluation;
  evaluation.add({.loss = 1, .correct = true});
  evaluation.add({.loss = 2, .correct = false});
  EXPECT_EQ(evaluation.loss(), 1.5);
  EXPECT_EQ(evaluation.metric("accuracy"), 0.5);
  const auto failure = testing::failure_of([&] { std::ignore = evaluation.metric("f1"); });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ExitCode::usage);
  EXPECT_THAT(failure->message, HasSubstr("'f1'"));
}

TEST(Evaluations, WithoutExamplesHaveNoMean) {
  const Evaluation evaluation;
  const LossGradient gradient;
  for (const std::function<void()>& action : std::vector<std::function<void()>>{
           [&] { std::ignore = evaluation.loss(); }, [&] { std::ignore = evaluation.metric("accuracy"); },
           [&] { std::ignore = gradient.mean_gradient(); }}) {
    const auto failure = testing::failure_of(action);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, ExitCode::input);
  }
}

}  // namespace
}  // namespace stockpot::probe
