#include "stockpot/recipe/trajectory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <string>

namespace stockpot::recipe {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::IsEmpty;

Trajectory trajectory(std::uint64_t every, std::optional<std::uint64_t> last) {
  Trajectory made;
  made.every = every;
  made.last = last;
  return made;
}

const std::vector<std::string> steps{"run/step10", "run/step2", "run/step1", "run/step9", "run/step100"};

TEST(Trajectory, natural_order) {
  EXPECT_THAT(select_trajectory(steps, trajectory(1, std::nullopt)),
              ElementsAre("run/step1", "run/step2", "run/step9", "run/step10", "run/step100"));
}

TEST(Trajectory, every_counts_back_from_the_newest) {
  EXPECT_THAT(select_trajectory(steps, trajectory(2, std::nullopt)),
              ElementsAre("run/step1", "run/step9", "run/step100"));
  EXPECT_THAT(select_trajectory(steps, trajectory(3, std::nullopt)), ElementsAre("run/step2", "run/step100"));
}

TEST(Trajectory, last_takes_of_those) {
  EXPECT_THAT(select_trajectory(steps, trajectory(2, 2)), ElementsAre("run/step9", "run/step100"));
  EXPECT_THAT(select_trajectory(steps, trajectory(1, 99)), testing::SizeIs(5));
  EXPECT_THAT(select_trajectory({}, trajectory(1, 3)), IsEmpty());
}

TEST(Schedule, values) {
  EXPECT_THAT(expand_schedule(Schedule::uniform, 4), ElementsAre(0.25, 0.25, 0.25, 0.25));
  EXPECT_THAT(expand_schedule(Schedule::linear, 4), ElementsAre(0.1, 0.2, 0.3, 0.4));
  EXPECT_THAT(expand_schedule(Schedule::minus_sqrt, 4),
              ElementsAre(DoubleNear(0.5, 1e-15), DoubleNear(std::sqrt(0.5) - 0.5, 1e-15),
                          DoubleNear(std::sqrt(0.75) - std::sqrt(0.5), 1e-15),
                          DoubleNear(1.0 - std::sqrt(0.75), 1e-15)));
}

TEST(Schedule, sums_to_one) {
  for (const Schedule schedule : {Schedule::uniform, Schedule::linear, Schedule::minus_sqrt}) {
    for (const std::size_t count : {1U, 2U, 7U, 72U, 1000U}) {
      const std::vector<double> weights = expand_schedule(schedule, count);
      ASSERT_EQ(weights.size(), count);
      EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1.0, 1e-12);
    }
    EXPECT_THAT(expand_schedule(schedule, 0), IsEmpty());
  }
}

}  // namespace
}  // namespace stockpot::recipe
