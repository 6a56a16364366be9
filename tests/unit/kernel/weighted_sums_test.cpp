#include "stockpot/kernel/weighted_sums.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace stockpot::kernel {
namespace {

using ::testing::ElementsAre;

TEST(WeightedSums, RoundEveryStep) {
  const double third = 1.0 / 3.0;
  const std::vector<double> values{third, -2.0, 0.1};
  std::vector<double> sums{1.0, 1.0, 1.0};
  add_weighted_squares(values, 0.7, sums);
  const double square = third * third;
  const double weighted = 0.7 * square;
  EXPECT_EQ(sums[0], 1.0 + weighted);
  EXPECT_EQ(sums[1], 1.0 + 0.7 * 4.0);

  sums = {1.0, 1.0, 1.0};
  add_weighted(values, 3.0, sums);
  EXPECT_THAT(sums, ElementsAre(2.0, -5.0, 1.0 + 3.0 * 0.1));
  divide(sums, 4.0);
  EXPECT_THAT(sums, ElementsAre(0.5, -1.25, (1.0 + 3.0 * 0.1) / 4.0));
}

TEST(WeightedSums, WantAsManySumsAsValues) {
  const std::vector<double> values{1.0, 2.0};
  std::vector<double> sums{0.0};
  EXPECT_THROW(add_weighted(values, 1.0, sums), std::invalid_argument);
  EXPECT_THROW(add_weighted_squares(values, 1.0, sums), std::invalid_argument);
}

}  // namespace
}  // namespace stockpot::kernel
