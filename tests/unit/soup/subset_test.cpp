#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "stockpot/base/error.hpp"
#include "unit/soup/search_driver.hpp"

namespace stockpot::soup::testing {
namespace {

using ::testing::ElementsAre;

using Models = std::vector<std::uint64_t>;

std::unique_ptr<Search> subset(std::uint64_t models, std::uint64_t budget = 1000,
                               bool accepts_equal = false) {
  recipe::Search search;
  search.strategy = recipe::Strategy::subset;
  search.accepts_equal = accepts_equal;
  search.budget = budget;
  return make_search(search, by_accuracy(), models, 0);
}

/// The best soup by removals, by maxima over whole rounds.
Models pruned(std::uint64_t models, const Evaluations& evaluate) {
  const auto score = [&](const Models& soup) {
    const Outcome outcome = evaluate({.ingredients = soup, .parameters = {}});
    return outcome.failure.empty() ? outcome.metrics.at("accuracy")
                                   : -std::numeric_limits<double>::infinity();
  };
  Models soup;
  for (std::uint64_t model = 0; model < models; ++model) soup.push_back(model);
  double best = score(soup);
  for (bool improves = true; improves && soup.size() > 1;) {
    improves = false;
    const Models round = soup;
    for (const std::uint64_t out : round) {
      Models rest;
      for (const std::uint64_t model : round) {
        if (model != out) rest.push_back(model);
      }
      if (score(rest) > best) {
        best = score(rest);
        soup = rest;
        improves = true;
      }
    }
  }
  return best == -std::numeric_limits<double>::infinity() ? Models{} : soup;
}

TEST(Subset, RemovesWhatImprovesMostForAnyMetric) {
  std::uint64_t smaller = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const std::uint64_t models = 1 + seed % 7;
    const Evaluations evaluate = arbitrary(seed, seed % 3 == 0 ? 4 : 1000, seed % 4 == 0 ? 0.3 : 0.0);
    const Models expected = pruned(models, evaluate);
    const auto search = subset(models);
    if (expected.empty()) {
      EXPECT_THROW(run_alone(*search, evaluate, models), Error) << seed;
      continue;
    }
    const std::vector<std::string> lines = run_alone(*search, evaluate, models);
    EXPECT_EQ(search->winner().ingredients, expected) << seed;
    EXPECT_LE(lines.size(), models * (models + 1) / 2);
    if (expected.size() + 1 < models) ++smaller;
    for (const std::size_t workers : {2u, 4u, 8u}) {
      const auto ahead = subset(models);
      EXPECT_EQ(run_ahead(*ahead, evaluate, models, workers, seed).lines, lines) << seed;
    }
  }
  EXPECT_GT(smaller, 20u);
}

TEST(Subset, LineByLine) {
  const auto search = subset(3);
  EXPECT_THAT(search->next()->ingredients, ElementsAre(0, 1, 2));
  EXPECT_EQ(search->take(accuracy(0.5)).decision, Decision::accepted);
  EXPECT_THAT(search->next()->ingredients, ElementsAre(1, 2));
  EXPECT_EQ(search->take(accuracy(0.6)).reason, "0.6 > 0.5");
  EXPECT_THAT(search->next()->ingredients, ElementsAre(0, 2));
  EXPECT_EQ(search->take(accuracy(0.7)).decision, Decision::accepted);
  EXPECT_THAT(search->next()->ingredients, ElementsAre(0, 1));
  EXPECT_EQ(search->take(accuracy(0.7)).reason, "0.7 <= 0.7");
  EXPECT_THAT(search->next()->ingredients, ElementsAre(2));
  search->take(failure("exit 1"));
  EXPECT_THAT(search->next()->ingredients, ElementsAre(0));
  search->take(accuracy(0.1));
  EXPECT_FALSE(search->next());
  EXPECT_THAT(search->winner().ingredients, ElementsAre(0, 2));
}

TEST(Subset, StopsWithTheBudget) {
  const Evaluations falling = [](const Candidate& c) {
    return accuracy(1.0 / static_cast<double>(c.ingredients.size()));
  };
  const auto search = subset(5, 7);
  EXPECT_EQ(run_alone(*search, falling, 5).size(), 7u);
  EXPECT_THAT(search->winner().ingredients, ElementsAre(2, 3, 4));
}

TEST(Subset, AcceptsEqualScoresWhenTold) {
  const Evaluations flat = [](const Candidate&) { return accuracy(0.5); };
  const auto strict = subset(4);
  EXPECT_EQ(run_alone(*strict, flat, 4).size(), 5u);
  EXPECT_EQ(strict->winner().ingredients.size(), 4u);
  const auto equal = subset(4, 1000, true);
  run_alone(*equal, flat, 4);
  EXPECT_EQ(equal->winner().ingredients.size(), 1u);
}

}  // namespace
}  // namespace stockpot::soup::testing
