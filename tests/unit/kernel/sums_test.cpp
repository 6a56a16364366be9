#include "stockpot/kernel/sums.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

#include "unit/kernel/elements.hpp"
#include "unit/kernel/lane_oracle.hpp"

namespace stockpot::kernel {
namespace {

using test::bits_of_sum;
using test::sum_in_lanes;

class SumsTest : public test::InstructionSetTest {};

std::vector<double> random_doubles(std::mt19937_64& generator, std::size_t count, bool any_bits) {
  std::vector<double> values(count);
  for (double& value : values) {
    value = any_bits ? std::bit_cast<double>(generator())
                     : std::normal_distribution<double>(0.0, 1.0)(generator) * std::exp2(generator() % 60);
  }
  return values;
}

void expect_stated_sums(std::span<const double> a, std::span<const double> b) {
  std::vector<double> magnitudes;
  std::vector<double> products;
  for (std::size_t e = 0; e < a.size(); ++e) {
    magnitudes.push_back(std::abs(a[e]));
    products.push_back(a[e] * b[e]);
  }
  EXPECT_EQ(std::bit_cast<std::uint64_t>(lane_sum(a)), bits_of_sum(sum_in_lanes(a)));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(absolute_sum(a)), bits_of_sum(sum_in_lanes(magnitudes)));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(sum_of_products(a, b)), bits_of_sum(sum_in_lanes(products)));
}

TEST_P(SumsTest, AddInTheStatedOrderAtEveryLengthAndAlignment) {
  std::mt19937_64 generator(1);
  for (std::size_t count = 0; count <= 300 && !HasFailure(); ++count) {
    SCOPED_TRACE(count);
    const std::size_t shift = generator() % 8;
    const std::vector<double> a = random_doubles(generator, count + shift, count % 8 == 7);
    const std::vector<double> b = random_doubles(generator, count, count % 8 == 7);
    expect_stated_sums(std::span(a).subspan(shift), b);
  }
}

TEST_P(SumsTest, OfALeafAreCloseToExactOnes) {
  std::mt19937_64 generator(2);
  const std::vector<double> a = random_doubles(generator, 4096, false);
  long double sum = 0.0L;
  long double magnitudes = 0.0L;
  for (const double value : a) {
    sum += value;
    magnitudes += std::abs(value);
  }
  EXPECT_NEAR(lane_sum(a), static_cast<double>(sum), 1e-12 * static_cast<double>(magnitudes));
  EXPECT_NEAR(absolute_sum(a), static_cast<double>(magnitudes), 1e-12 * static_cast<double>(magnitudes));
}

TEST_P(SumsTest, LanesFoldByHalves) {
  // 1 survives only where it meets 0 and not 2^60.
  std::vector<double> values(16, 0.0);
  values[0] = 0x1p60;
  values[1] = 1.0;
  values[4] = -0x1p60;
  EXPECT_EQ(lane_sum(values), 1.0);
  values[8] = 1.0;
  EXPECT_EQ(lane_sum(values), 1.0);
  std::swap(values[4], values[2]);
  EXPECT_EQ(lane_sum(values), 1.0);
  std::swap(values[2], values[1]);
  EXPECT_EQ(lane_sum(values), 0.0);
}

TEST_P(SumsTest, HaveOneZeroAndOneNan) {
  const std::vector<double> zeros(37, -0.0);
  EXPECT_FALSE(std::signbit(lane_sum(zeros)));
  EXPECT_FALSE(std::signbit(lane_sum({})));
  const std::vector<double> opposite{test::infinity, 1.0, -test::infinity};
  EXPECT_EQ(std::bit_cast<std::uint64_t>(lane_sum(opposite)), 0x7ff8000000000000u);
  EXPECT_EQ(absolute_sum(opposite), test::infinity);
  const std::vector<double> negative_nan(3, -std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(std::bit_cast<std::uint64_t>(sum_of_products(negative_nan, opposite)), 0x7ff8000000000000u);
}

TEST_P(SumsTest, RefuseVectorsOfDifferentLengths) {
  const std::vector<double> values(5, 1.0);
  EXPECT_THROW(sum_of_products(values, std::span(values).first(4)), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Every, SumsTest, testing::ValuesIn(available_instruction_sets()), test::set_name);

}  // namespace
}  // namespace stockpot::kernel
