#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "stockpot/base/error.hpp"
#include "unit/soup/search_driver.hpp"
#include "unit/soup/space_entries.hpp"

namespace stockpot::soup::testing {
namespace {

using recipe::Strategy;
using Space = std::vector<recipe::SpaceEntry>;

std::unique_ptr<Search> over(Strategy strategy, Space space, std::uint64_t budget, std::uint64_t seed = 0,
                             bool accepts_equal = false) {
  recipe::Search search;
  search.strategy = strategy;
  search.space = std::move(space);
  search.budget = budget;
  search.accepts_equal = accepts_equal;
  return make_search(search, by_accuracy(), 2, seed);
}

Space cube(std::size_t dimensions) {
  Space space;
  for (std::size_t i = 0; i < dimensions; ++i)
    space.push_back(range("weight@" + std::to_string(i), -1.0, 3.0));
  return space;
}

/// 0 at its only maximum, where weight@i is 0.25 + 0.5 i, along oblique axes of different steepness.
double ridge(const Candidate& candidate) {
  double sum = 0.0;
  double before = 0.0;
  for (std::size_t i = 0; i < candidate.parameters.size(); ++i) {
    const double distance =
        candidate.parameters.at("weight@" + std::to_string(i)) - 0.25 - 0.5 * static_cast<double>(i);
    sum -= (1.0 + 3.0 * static_cast<double>(i)) * std::pow(distance + 0.5 * before, 2.0);
    before = distance;
  }
  return sum;
}

Evaluations scored(double (*score)(const Candidate&)) {
  return [score](const Candidate& candidate) { return accuracy(score(candidate)); };
}

/// The lines' scores; what `evaluate` was asked.
struct Course {
  std::vector<std::optional<double>> scores;
  std::vector<Candidate> asked;
  std::optional<double> best;
};

Course follow(Search& search, const Evaluations& evaluate) {
  Course course;
  while (const auto candidate = search.next()) {
    const TraceEntry entry = search.take(evaluate(*candidate));
    EXPECT_EQ(entry.number, course.asked.size());
    EXPECT_EQ(entry.phase, Phase::search);
    course.asked.push_back(*candidate);
    course.scores.push_back(entry.score);
    course.best = entry.best;
  }
  return course;
}

class OptimizerSearches : public ::testing::TestWithParam<Strategy> {};
INSTANTIATE_TEST_SUITE_P(Strategies, OptimizerSearches, ::testing::Values(Strategy::cmaes, Strategy::nlopt));

TEST_P(OptimizerSearches, FindAnOptimumThatRandomDrawsMiss) {
  for (const std::size_t dimensions : {2u, 3u, 4u}) {
    const std::uint64_t budget = 100 * dimensions;
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const auto gap = [&](Strategy strategy) {
        const auto search = over(strategy, cube(dimensions), budget, seed);
        const Course course = follow(*search, scored(ridge));
        EXPECT_LE(course.asked.size(), budget);
        EXPECT_EQ(ridge(search->winner()), course.best);
        return -course.best.value();
      };
      EXPECT_LT(gap(GetParam()), 2e-3) << dimensions << " " << seed;
      EXPECT_GT(gap(Strategy::random), 2e-3) << dimensions << " " << seed;
    }
  }
}

TEST_P(OptimizerSearches, StayWithinTheSpaceAndTheBudget) {
  for (const std::uint64_t budget : {1u, 2u, 5u, 7u, 33u}) {
    const auto search = over(GetParam(), {range("t", 0.1, 0.7), list("lambda", {0.0, 0.5, 2.0})}, budget, 1);
    const Course course = follow(*search, [](const Candidate& candidate) {
      const double t = candidate.parameters.at("t");
      EXPECT_TRUE(t >= 0.1 && t <= 0.7) << t;
      EXPECT_THAT(candidate.parameters.at("lambda"), ::testing::AnyOf(0.0, 0.5, 2.0));
      return accuracy(t * candidate.parameters.at("lambda"));
    });
    EXPECT_LE(course.asked.size(), budget);
    EXPECT_GE(course.asked.size(), std::min<std::uint64_t>(budget, 5));
    if (budget == 33) {
      EXPECT_EQ(course.best, 0.7 * 2.0);
    }
  }
}

TEST_P(OptimizerSearches, EvaluateNothingTwice) {
  Space space;
  for (const char* name : {"a", "b", "c"}) space.push_back(list(name, {0.0, 1.0, 2.0, 3.0, 4.0}));
  const Evaluations evaluate = [](const Candidate& candidate) {
    double sum = 0.0;
    for (const auto& [name, value] : candidate.parameters) sum -= std::abs(value - 3.0);
    return accuracy(sum);
  };
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Course course = follow(*over(GetParam(), space, 60, seed), evaluate);
    std::set<std::string> keys;
    for (const Candidate& candidate : course.asked) keys.insert(candidate.key());
    EXPECT_EQ(keys.size(), course.asked.size());
    EXPECT_EQ(course.best, 0.0) << seed;
  }
}

TEST_P(OptimizerSearches, EndWhenListsLeaveNothingNew) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto search =
        over(GetParam(), {list("t", {0.0, 0.5, 1.0}), list("u", {1.0, 1.0, 2.0})}, 1000, seed);
    EXPECT_LE(follow(*search, arbitrary(seed, 3, 0.0)).asked.size(), 6u);
  }
  const auto single = over(GetParam(), {list("t", {0.5})}, 1000);
  EXPECT_EQ(follow(*single, arbitrary(1, 3, 0.0)).asked.size(), 1u);
  EXPECT_EQ(single->winner().parameters.at("t"), 0.5);
}

TEST_P(OptimizerSearches, AvoidWhatFails) {
  // Scores are below zero, and the middle fails, where no score is known yet.
  const auto search = over(GetParam(), cube(2), 200, 4);
  const Evaluations evaluate = [](const Candidate& candidate) {
    const double first = candidate.parameters.at("weight@0");
    if (first < 1.2) return failure("exit 1");
    return accuracy(-10.0 - std::pow(first - 2.0, 2.0) - std::pow(candidate.parameters.at("weight@1"), 2.0));
  };
  const Course course = follow(*search, evaluate);
  EXPECT_GT(std::count(course.scores.begin(), course.scores.end(), std::nullopt), 0);
  EXPECT_NEAR(course.best.value(), -10.0, 0.01);
  EXPECT_GT(search->winner().parameters.at("weight@0"), 1.2);
}

TEST_P(OptimizerSearches, EndWithoutAnyScore) {
  const auto search = over(GetParam(), cube(2), 12, 4);
  try {
    follow(*search, [](const Candidate&) { return failure("exit 1"); });
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::input);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("exit 1"));
  }
  recipe::Search how;
  how.strategy = GetParam();
  how.space = cube(2);
  recipe::Evaluate strict = by_accuracy();
  strict.fails_job = true;
  EXPECT_THROW(make_search(how, strict, 2, 0)->take(failure("exit 1")), Error);
}

TEST_P(OptimizerSearches, AmongEqualsTheRuleOfAcceptanceChooses) {
  const auto level = [](const Candidate&) { return accuracy(0.5); };
  for (const bool accepts_equal : {false, true}) {
    const auto search = over(GetParam(), cube(2), 30, 0, accepts_equal);
    const Course course = follow(*search, level);
    EXPECT_EQ(search->winner(), accepts_equal ? course.asked.back() : course.asked.front());
  }
}

TEST_P(OptimizerSearches, GoOnAlikeFromEveryStep) {
  const Evaluations evaluate = arbitrary(2, 40, 0.1);
  const Space space = {range("a", 0.0, 1.0), list("b", {0.0, 1.0, 2.0}), range("c", -1.0, 0.0)};
  const auto make = [&] { return over(GetParam(), space, 50, 9); };
  const auto whole = make();
  const std::vector<std::string> lines = run_alone(*whole, evaluate, 2);
  ASSERT_GT(lines.size(), 20u);
  const auto search = make();
  for (std::size_t step = 0; step < lines.size(); ++step) {
    const auto copy = search->clone();
    const std::vector<std::string> rest(lines.begin() + static_cast<std::ptrdiff_t>(step), lines.end());
    EXPECT_EQ(run_alone(*copy, evaluate, 2), rest);
    EXPECT_EQ(copy->winner(), whole->winner());
    search->take(evaluate(*search->next()));
  }
  EXPECT_FALSE(search->next());
}

TEST_P(OptimizerSearches, TraceIsThatOfOneEvaluatorForAnyNumberOfThem) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Evaluations evaluate = arbitrary(seed, 9, 0.1);
    const auto make = [&] {
      return over(GetParam(), {range("a", 0.0, 1.0), list("b", {0.0, 1.0, 2.0, 3.0})}, 40, seed);
    };
    const auto alone = make();
    const std::vector<std::string> lines = run_alone(*alone, evaluate, 2);
    for (const std::size_t workers : {1u, 2u, 4u, 8u}) {
      const auto ahead = make();
      const Speculation speculation = run_ahead(*ahead, evaluate, 2, workers, seed);
      EXPECT_EQ(speculation.lines, lines);
      EXPECT_EQ(ahead->winner(), alone->winner());
      if (GetParam() == Strategy::cmaes) {
        EXPECT_EQ(speculation.evaluations, lines.size());  // a generation is known before it is scored
      }
    }
  }
}

TEST_P(OptimizerSearches, KeepEvaluatorsBusy) {
  const auto search = over(GetParam(), cube(4), 100, 1);
  const auto nothing = [](const Foreseen&) -> const Outcome* { return nullptr; };
  EXPECT_EQ(foresee(*search, 5, nothing).size(), 5u);
  if (GetParam() == Strategy::cmaes) {
    EXPECT_EQ(foresee(*search, 50, nothing).size(), 8u);  // of the next generation nothing is known
  }
}

TEST(CmaesSearch, SpendsTheBudgetAndDependsOnTheSeed) {
  const Course course = follow(*over(Strategy::cmaes, cube(2), 333, 1), scored(ridge));
  EXPECT_EQ(course.asked.size(), 333u);
  const Course other = follow(*over(Strategy::cmaes, cube(2), 333, 2), scored(ridge));
  EXPECT_NE(other.asked.front(), course.asked.front());
}

TEST(NloptSearch, BeginsInTheMiddleAndEndsWhenItHasConverged) {
  const Course course = follow(*over(Strategy::nlopt, cube(2), 1000, 1), scored(ridge));
  EXPECT_EQ(course.asked.front().parameters.at("weight@0"), 1.0);
  EXPECT_LT(course.asked.size(), 300u);
  EXPECT_EQ(follow(*over(Strategy::nlopt, cube(2), 1000, 2), scored(ridge)).asked, course.asked);
}

}  // namespace
}  // namespace stockpot::soup::testing
