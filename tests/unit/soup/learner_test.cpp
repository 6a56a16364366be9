#include "soup/learner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "stockpot/probe/training.hpp"

namespace stockpot::soup::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

std::vector<std::uint64_t> batch_of(const Learner& learner) {
  return {learner.batch().begin(), learner.batch().end()};
}

LearnedGradient arbitrary_gradient(std::uint64_t step, std::size_t coefficients) {
  LearnedGradient gradient;
  for (std::size_t i = 0; i < coefficients; ++i) {
    gradient.alpha.push_back(std::sin(static_cast<double>(7 * step + i)));
  }
  gradient.beta = std::cos(static_cast<double>(step));
  return gradient;
}

TEST(Learner, BeginsWithEqualSharesAndTemperatureOne) {
  const Learner learner(recipe::Search{}, 0, 3, 4, 10);
  EXPECT_EQ(learner.parameters().alpha.size(), 12U);
  EXPECT_THAT(learner.parameters().alpha, Each(0.25));
  EXPECT_EQ(learner.parameters().beta, 1.0);
}

TEST(Learner, TakesConsecutiveBatchesOfEveryEpoch) {
  recipe::Search search;
  search.epochs = 2;
  search.batch_size = 4;
  search.shuffle = false;
  Learner learner(search, 0, 1, 2, 10);
  for (int epoch = 0; epoch < 2; ++epoch) {
    EXPECT_THAT(batch_of(learner), ElementsAre(0, 1, 2, 3));
    learner.take(arbitrary_gradient(0, 2));
    EXPECT_THAT(batch_of(learner), ElementsAre(4, 5, 6, 7));
    learner.take(arbitrary_gradient(1, 2));
    EXPECT_THAT(batch_of(learner), ElementsAre(8, 9));
    EXPECT_FALSE(learner.is_over());
    learner.take(arbitrary_gradient(2, 2));
  }
  EXPECT_TRUE(learner.is_over());
  EXPECT_EQ(learner.step(), 6U);
}

TEST(Learner, ShufflesAsTheTrainingDoesAndTakesAllAtOnceForZero) {
  recipe::Search search;
  search.epochs = 2;
  search.batch_size = 0;
  Learner learner(search, 9, 1, 2, 50);
  EXPECT_EQ(batch_of(learner), probe::training_order(9, 0, 50));
  learner.take(arbitrary_gradient(0, 2));
  EXPECT_EQ(batch_of(learner), probe::training_order(9, 1, 50));
  learner.take(arbitrary_gradient(1, 2));
  EXPECT_TRUE(learner.is_over());
}

/// AdamW of one number as it is written down, over the whole history of gradients.
double adamw(double value, const std::vector<double>& gradients, double rate, double decay) {
  for (std::size_t t = 1; t <= gradients.size(); ++t) {
    double first = 0;
    double second = 0;
    for (std::size_t s = 1; s <= t; ++s) {
      const auto age = static_cast<double>(t - s);
      first += 0.1 * std::pow(0.9, age) * gradients[s - 1];
      second += 0.001 * std::pow(0.999, age) * gradients[s - 1] * gradients[s - 1];
    }
    const auto steps = static_cast<double>(t);
    first /= 1 - std::pow(0.9, steps);
    second /= 1 - std::pow(0.999, steps);
    value = value * (1 - rate * decay) - rate * first / (std::sqrt(second) + 1e-8);
  }
  return value;
}

TEST(Learner, StepsAreThoseOfAdamW) {
  for (const bool learns_beta : {true, false}) {
    recipe::Search search;
    search.epochs = 12;
    search.batch_size = 0;
    search.learning_rate = 0.07;
    search.weight_decay = 0.3;
    search.learn_temperature = learns_beta;
    Learner learner(search, 0, 2, 3, 5);
    std::vector<std::vector<double>> history(7);
    for (std::uint64_t step = 0; !learner.is_over(); ++step) {
      const LearnedGradient gradient = arbitrary_gradient(step, 6);
      for (std::size_t i = 0; i < 6; ++i) history[i].push_back(gradient.alpha[i]);
      history[6].push_back(gradient.beta);
      learner.take(gradient);
    }
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_NEAR(learner.parameters().alpha[i], adamw(1.0 / 3, history[i], 0.07, 0.3), 1e-12);
    }
    EXPECT_NEAR(learner.parameters().beta, learns_beta ? adamw(1, history[6], 0.07, 0.3) : 1.0, 1e-12);
  }
}

}  // namespace
}  // namespace stockpot::soup::testing
