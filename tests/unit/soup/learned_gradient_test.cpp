#include "soup/learned_gradient.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "stockpot/base/error.hpp"
#include "stockpot/comm/threads.hpp"
#include "unit/soup/learned_fixture.hpp"

namespace stockpot::soup::testing {
namespace {

LearnedGradient gradient_at(comm::Communicator& world, const Mixture& mixture,
                            const probe::testing::Data& data, const std::vector<std::uint64_t>& chosen,
                            const LearnedParameters& at) {
  return learned_gradient(world, mixture, probe::find_probe("mlp"), data.batch(), chosen, at);
}

class LearnedGradients : public ::testing::TestWithParam<recipe::Scope> {
 protected:
  const Mixture mixture_ = random_mixture(GetParam());
  const probe::testing::Data data_ = probe::testing::random_data(examples, widths);
  const LearnedParameters at_ = some_parameters(mixture_);
};

TEST_P(LearnedGradients, AreThoseOfCentralDifferences) {
  comm::Communicator world = comm::make_serial();
  const auto loss = [&](const LearnedParameters& at) {
    return gradient_at(world, mixture_, data_, all_examples(), at).loss;
  };
  constexpr double step = 1e-5;
  const LearnedGradient gradient = gradient_at(world, mixture_, data_, all_examples(), at_);
  ASSERT_EQ(gradient.alpha.size(), at_.alpha.size());
  for (std::size_t i = 0; i < at_.alpha.size(); ++i) {
    LearnedParameters above = at_;
    LearnedParameters below = at_;
    above.alpha[i] += step;
    below.alpha[i] -= step;
    EXPECT_NEAR(gradient.alpha[i], (loss(above) - loss(below)) / (2 * step), 1e-6) << i;
  }
  const double rise = loss({at_.alpha, at_.beta + step}) - loss({at_.alpha, at_.beta - step});
  EXPECT_NEAR(gradient.beta, rise / (2 * step), 1e-6);
  EXPECT_GT(std::abs(gradient.beta), 1e-3);
}

TEST_P(LearnedGradients, LossIsTheMeanCrossEntropyOfScaledLogits) {
  comm::Communicator world = comm::make_serial();
  const auto probe = probe::open_mlp(mixture_.combine(softmax_rows(at_.alpha, mixture_.models())));
  std::vector<double> logits = probe::testing::logits_of(*probe, data_.batch());
  double sum = 0;
  for (double& value : logits) value *= at_.beta;
  for (std::uint64_t e = 0; e < examples; ++e) {
    sum += probe::score(std::span(logits).subspan(e * widths.back(), widths.back()), data_.labels[e]).loss;
  }
  EXPECT_NEAR(gradient_at(world, mixture_, data_, all_examples(), at_).loss,
              sum / static_cast<double>(examples), 1e-12);
}

TEST_P(LearnedGradients, HaveTheSameBitsAtAnyNumberOfRanks) {
  // 150 examples are three blocks: of five ranks two have none.
  std::vector<std::uint64_t> chosen = all_examples();
  std::reverse(chosen.begin(), chosen.end());
  comm::Communicator alone = comm::make_serial();
  const LearnedGradient expected = gradient_at(alone, mixture_, data_, chosen, at_);
  for (const int ranks : {2, 3, 4, 5}) {
    comm::run_threads(ranks, [&](comm::Communicator& world) {
      const LearnedGradient found = gradient_at(world, mixture_, data_, chosen, at_);
      EXPECT_EQ(found.loss, expected.loss);
      EXPECT_EQ(found.alpha, expected.alpha);
      EXPECT_EQ(found.beta, expected.beta);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Scopes, LearnedGradients,
                         ::testing::Values(recipe::Scope::tensor, recipe::Scope::layer,
                                           recipe::Scope::model));

TEST(LearnedGradient, UsesTheChosenExamplesAlone) {
  comm::Communicator world = comm::make_serial();
  const Mixture mixture = random_mixture(recipe::Scope::tensor);
  probe::testing::Data data = probe::testing::random_data(examples, widths);
  const LearnedParameters at = some_parameters(mixture);
  const LearnedGradient expected = gradient_at(world, mixture, data, {3, 140}, at);
  data.inputs[4 * widths.front()] = 1e6;
  EXPECT_EQ(gradient_at(world, mixture, data, {3, 140}, at).alpha, expected.alpha);
  data.inputs[3 * widths.front()] += 1;
  EXPECT_NE(gradient_at(world, mixture, data, {3, 140}, at).alpha, expected.alpha);
}

TEST(LearnedGradient, RefusesALossThatIsNotFiniteOnEveryRank) {
  const Mixture mixture = random_mixture(recipe::Scope::model);
  const probe::testing::Data data = probe::testing::random_data(examples, widths);
  LearnedParameters at = some_parameters(mixture);
  at.beta = std::numeric_limits<double>::infinity();
  comm::run_threads(2, [&](comm::Communicator& world) {
    try {
      static_cast<void>(gradient_at(world, mixture, data, all_examples(), at));
      ADD_FAILURE() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::input);
      EXPECT_THAT(error.what(), ::testing::HasSubstr("not finite"));
    }
  });
}

}  // namespace
}  // namespace stockpot::soup::testing
