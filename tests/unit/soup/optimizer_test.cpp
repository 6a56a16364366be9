#include "soup/optimizer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <pagmo/algorithms/cmaes.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>
#include <set>
#include <utility>

#include "stockpot/base/error.hpp"

namespace stockpot::soup::testing {
namespace {

/// Highest at 0.3 in every coordinate.
double hill(const Point& point) {
  double sum = 0.0;
  for (const double coordinate : point) sum -= (coordinate - 0.3) * (coordinate - 0.3);
  return sum;
}

/// Tells `optimizer` the function until it has asked for `count` points; the batches.
template <typename Function>
std::vector<std::vector<Point>> climb(const Optimizer& optimizer, std::size_t count, Function function) {
  std::vector<double> scores;
  std::vector<std::vector<Point>> batches;
  while (scores.size() < count) {
    batches.push_back(optimizer.asks(scores));
    if (batches.back().empty()) break;
    for (const Point& point : batches.back()) {
      for (const double coordinate : point) EXPECT_TRUE(coordinate >= 0.0 && coordinate <= 1.0) << coordinate;
      scores.push_back(function(point));
    }
  }
  return batches;
}

TEST(Evolution, GenerationsAreOfTheUsualSizeThatTheBudgetPaysFor) {
  EXPECT_EQ(generation_size(1, 100), 5u);
  EXPECT_EQ(generation_size(2, 100), 6u);
  EXPECT_EQ(generation_size(4, 100), 8u);
  EXPECT_EQ(generation_size(10, 1000), 10u);
  EXPECT_EQ(generation_size(10, 28), 7u);
  EXPECT_EQ(generation_size(10, 1), 5u);
  const auto evolution = make_evolution(Point(4, 0.5), 100, 1);
  for (const auto& batch : climb(*evolution, 40, hill)) EXPECT_EQ(batch.size(), 8u);
}

TEST(Evolution, DependsOnTheSeedAndOnScores) {
  const auto batches = [](std::uint64_t seed, auto function) {
    return climb(*make_evolution(Point(3, 0.5), 200, seed), 50, function);
  };
  EXPECT_EQ(batches(1, hill), batches(1, hill));
  EXPECT_NE(batches(1, hill).front(), batches(2, hill).front());
  const auto other = batches(1, [](const Point& point) { return -hill(point); });
  EXPECT_EQ(batches(1, hill)[0], other[0]);
  EXPECT_NE(batches(1, hill)[1], other[1]);
}

TEST(Evolution, BeginsAnewWithMorePointsWhenItHasConverged) {
  const auto evolution = make_evolution(Point(2, 0.5), 1000, 3);
  std::set<std::size_t> sizes;
  for (const auto& batch : climb(*evolution, 1000, hill)) sizes.insert(batch.size());
  EXPECT_TRUE(sizes.count(6) == 1 && sizes.count(12) == 1) << sizes.size();
  // Where all scores are the same, after three generations.
  const auto level = climb(*evolution, 40, [](const Point&) { return 1.0; });
  EXPECT_EQ(level[2].size(), 6u);
  EXPECT_EQ(level[3].size(), 12u);
}

TEST(Evolution, FindsTheEndOfARange) {
  const auto evolution = make_evolution(Point(2, 0.5), 200, 3);
  const auto batches = climb(*evolution, 200, [](const Point& point) { return point[0] - point[1]; });
  std::set<Point> asked;
  for (const auto& batch : batches) asked.insert(batch.begin(), batch.end());
  EXPECT_EQ(asked.count({1.0, 0.0}), 1u);
}

/// What replays and looking ahead rest on: pagmo2's own generations.
struct Recorded {
  std::vector<Point>* points = nullptr;
  double slope_of_third_generation = 1.0;

  [[nodiscard]] pagmo::vector_double fitness(const pagmo::vector_double& point) const {
    const bool is_third = points->size() >= 14 && points->size() < 21;
    points->push_back(point);
    return {(is_third ? slope_of_third_generation : 1.0) * -hill(point)};
  }
  [[nodiscard]] std::pair<pagmo::vector_double, pagmo::vector_double> get_bounds() const {
    return {pagmo::vector_double(3, 0.0), pagmo::vector_double(3, 1.0)};
  }
};

TEST(Evolution, PointsOfAGenerationDoNotDependOnItsScores) {
  const auto points_with = [](double slope) {
    std::vector<Point> points;
    pagmo::population individuals(pagmo::problem(Recorded{&points, slope}), 0, 1u);
    for (int i = 0; i < 7; ++i) individuals.push_back({0.5, 0.5, 0.5}, {static_cast<double>(i)});
    pagmo::cmaes(4, -1, -1, -1, -1, 0.3, 0.0, 1e-5, false, true, 5u).evolve(individuals);
    return points;
  };
  const std::vector<Point> points = points_with(1.0);
  const std::vector<Point> other = points_with(-1.0);
  ASSERT_EQ(points.size(), 28u);
  EXPECT_TRUE(std::equal(points.begin(), points.begin() + 21, other.begin()));
  EXPECT_NE(points[21], other[21]);
}

TEST(Subplex, ClimbsFromItsStartAndEndsThere) {
  const auto subplex = make_subplex(Point(3, 0.5), {0.25, 0.25, -0.25}, Point(3, 1e-4));
  const auto batches = climb(*subplex, 1000, hill);
  EXPECT_EQ(batches.front(), std::vector<Point>{Point(3, 0.5)});
  EXPECT_TRUE(batches.back().empty());
  EXPECT_LT(batches.size(), 300u);
  ASSERT_GT(batches.size(), 2u);
  const Point& last = batches[batches.size() - 2].front();
  EXPECT_NEAR(last[0], 0.3, 0.01);
  EXPECT_NEAR(last[2], 0.3, 0.01);
}

TEST(Optimizers, TellWhatTheirLibraryRefuses) {
  EXPECT_THROW((void)make_subplex(Point(1, 0.5), {0.0}, {1e-4})->asks({}), Error);
  EXPECT_THROW((void)make_evolution({}, 10, 1)->asks({}), Error);
}

}  // namespace
}  // namespace stockpot::soup::testing
