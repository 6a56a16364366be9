#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "stockpot/base/error.hpp"
#include "unit/soup/search_driver.hpp"
#include "unit/soup/space_entries.hpp"

namespace stockpot::soup::testing {
namespace {

std::unique_ptr<Search> over(recipe::Strategy strategy, std::vector<recipe::SpaceEntry> space,
                             std::uint64_t budget = 100, std::uint64_t seed = 0) {
  recipe::Search search;
  search.strategy = strategy;
  search.space = std::move(space);
  search.budget = budget;
  return make_search(search, by_accuracy(), 2, seed);
}

std::vector<std::map<std::string, double>> asked(Search& search) {
  std::vector<std::map<std::string, double>> parameters;
  while (const auto candidate = search.next()) {
    EXPECT_TRUE(candidate->ingredients.empty());
    parameters.push_back(candidate->parameters);
    search.take(accuracy(0.5));
  }
  return parameters;
}

TEST(Grid, AsksForAllCombinationsTheLastFastest) {
  const auto search =
      over(recipe::Strategy::grid, {list("t", {1.0, 0.0}), list("lambda", {0.5, 0.25, 0.75})});
  using Values = std::map<std::string, double>;
  EXPECT_THAT(
      asked(*search),
      ::testing::ElementsAre(Values{{"lambda", 0.5}, {"t", 1.0}}, Values{{"lambda", 0.25}, {"t", 1.0}},
                             Values{{"lambda", 0.75}, {"t", 1.0}}, Values{{"lambda", 0.5}, {"t", 0.0}},
                             Values{{"lambda", 0.25}, {"t", 0.0}}, Values{{"lambda", 0.75}, {"t", 0.0}}));
  EXPECT_EQ(search->winner().parameters, (Values{{"lambda", 0.5}, {"t", 1.0}}));  // the first of equal ones
}

TEST(Grid, KeepsTheBestAndLeavesFailuresOut) {
  const auto search = over(recipe::Strategy::grid, {list("t", {0.0, 0.25, 0.5, 0.75})});
  EXPECT_EQ(search->take(failure("exit 1")).best, std::nullopt);
  EXPECT_EQ(search->take(accuracy(0.5)).reason, "the first score");
  const TraceEntry best = search->take(accuracy(0.75));
  EXPECT_EQ(best.phase, Phase::search);
  EXPECT_EQ(best.reason, "0.75 > 0.5");
  EXPECT_EQ(search->take(accuracy(0.6)).decision, Decision::rejected);
  EXPECT_EQ(search->winner().parameters.at("t"), 0.5);
  const auto hopeless = over(recipe::Strategy::grid, {list("t", {0.0, 1.0})});
  hopeless->take(failure("exit 1"));
  EXPECT_THROW(hopeless->take(failure("exit 1")), Error);
}

TEST(Grid, RefusesWhatItCantCount) {
  EXPECT_THROW(over(recipe::Strategy::grid, {}), Error);
  EXPECT_THROW(over(recipe::Strategy::grid, {range("t", 0.0, 1.0)}), Error);
  const std::vector<double> many(1u << 16, 1.0);
  std::vector<recipe::SpaceEntry> space(4, list("t", many));
  EXPECT_THROW(over(recipe::Strategy::grid, space), Error);
  space.pop_back();
  EXPECT_TRUE(over(recipe::Strategy::grid, space)->next());
}

TEST(Random, DrawsEvenlyWithinTheSpace) {
  const auto search = over(recipe::Strategy::random,
                           {range("lambda", -1.0, 3.0), list("normalize", {0.0, 1.0, 2.0, 3.0})}, 4000);
  std::map<int, int> quarters;
  std::map<double, int> values;
  for (const auto& parameters : asked(*search)) {
    const double lambda = parameters.at("lambda");
    ASSERT_TRUE(lambda >= -1.0 && lambda < 3.0) << lambda;
    ++quarters[static_cast<int>(lambda + 1.0)];
    ++values[parameters.at("normalize")];
  }
  ASSERT_EQ(quarters.size(), 4u);
  ASSERT_EQ(values.size(), 4u);
  for (const auto& [quarter, count] : quarters) EXPECT_NEAR(count, 1000, 120) << quarter;
  for (const auto& [value, count] : values) EXPECT_NEAR(count, 1000, 120) << value;
}

TEST(Random, DependsOnTheSeedAndTheEntryAlone) {
  const auto draws = [](std::vector<recipe::SpaceEntry> space, std::uint64_t seed) {
    std::vector<double> lambdas;
    for (const auto& parameters : asked(*over(recipe::Strategy::random, std::move(space), 20, seed))) {
      lambdas.push_back(parameters.at("lambda"));
    }
    return lambdas;
  };
  const std::vector<double> alone = draws({range("lambda", 0.0, 1.0)}, 7);
  EXPECT_EQ(std::set<double>(alone.begin(), alone.end()).size(), 20u);
  EXPECT_EQ(draws({range("t", 0.0, 1.0), range("lambda", 0.0, 1.0)}, 7), alone);
  EXPECT_NE(draws({range("lambda", 0.0, 1.0)}, 8), alone);
}

TEST(Random, TraceIsThatOfOneEvaluatorForAnyNumberOfThem) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Evaluations evaluate = arbitrary(seed, 5, 0.1);
    // Few candidates, so that many are asked for again.
    const auto make = [&] { return over(recipe::Strategy::random, {list("t", {0.0, 0.5, 1.0})}, 30, seed); };
    if (evaluate({.ingredients = {}, .parameters = {{"t", 0.0}}}).failure.empty()) {
      const auto alone = make();
      const std::vector<std::string> lines = run_alone(*alone, evaluate, 2);
      EXPECT_EQ(lines.size(), 30u);
      for (const std::size_t workers : {1u, 2u, 4u, 8u}) {
        const auto ahead = make();
        const Speculation speculation = run_ahead(*ahead, evaluate, 2, workers, seed);
        EXPECT_EQ(speculation.lines, lines);
        EXPECT_LE(speculation.evaluations, 3u);
        EXPECT_EQ(ahead->winner(), alone->winner());
      }
    }
  }
}

}  // namespace
}  // namespace stockpot::soup::testing
