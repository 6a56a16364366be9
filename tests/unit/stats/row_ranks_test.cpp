#include "stockpot/stats/row_ranks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <stdexcept>

namespace stockpot::stats {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// By comparing each pair: how many are smaller, or equal and further back.
std::vector<std::uint32_t> counted(const std::vector<double>& row) {
  std::vector<std::uint32_t> ranks(row.size(), 0);
  for (std::size_t e = 0; e < row.size(); ++e) {
    for (std::size_t other = 0; other < row.size(); ++other) {
      const bool both_nan = std::isnan(row[e]) && std::isnan(row[other]);
      const bool smaller = row[other] < row[e] || (std::isnan(row[e]) && !std::isnan(row[other]));
      if (smaller || ((row[other] == row[e] || both_nan) && other > e)) ++ranks[e];
    }
  }
  return ranks;
}

std::vector<std::uint32_t> ranked(RowRanks& ranker, const std::vector<double>& row) {
  std::vector<std::uint32_t> ranks(row.size());
  ranker.rank(row, ranks);
  return ranks;
}

TEST(RowRanks, CountsWhatIsSmaller) {
  RowRanks ranker;
  std::mt19937_64 generator(7);
  std::normal_distribution<double> normal;
  for (int round = 0; round < 400; ++round) {
    std::vector<double> row(generator() % 300);
    const std::uint64_t kind = generator() % 6;
    for (double& value : row) {
      value = std::abs(normal(generator));
      if (kind == 1) value = std::ldexp(value, static_cast<int>(generator() % 2000) - 1000);
      if (kind == 2) value = static_cast<double>(generator() % 4);  // ties, zeros among them
      if (kind == 3 && generator() % 2 == 0) value = 0.0;
      if (kind == 4) value = std::array{0.0, infinite, not_a_number, 5e-324, 1.0}[generator() % 5];
      if (kind == 5) value = 1.0 + value * 0x1p-50;
    }
    ASSERT_EQ(ranked(ranker, row), counted(row)) << "kind " << kind;
  }
}

TEST(RowRanks, OfEqualMagnitudesTheFirstIsTheLargest) {
  RowRanks ranker;
  EXPECT_EQ(ranked(ranker, {2.0, 2.0, 2.0}), (std::vector<std::uint32_t>{2, 1, 0}));
  EXPECT_EQ(ranked(ranker, {0.0, -0.0, 1.0, 0.0}), (std::vector<std::uint32_t>{2, 1, 3, 0}));
  EXPECT_EQ(ranked(ranker, {3.5}), (std::vector<std::uint32_t>{0}));
  EXPECT_TRUE(ranked(ranker, {}).empty());
}

TEST(RowRanks, LongRowsAndThoseOfFewValuesToo) {
  RowRanks ranker;
  std::mt19937_64 generator(8);
  std::normal_distribution<double> normal;
  std::vector<double> row(100'003);
  for (double& value : row) value = std::abs(std::round(normal(generator) * 1000.0));
  const auto ranks = ranked(ranker, row);
  std::vector<std::uint32_t> order(row.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return row[a] != row[b] ? row[a] < row[b] : a > b; });
  for (std::uint32_t place = 0; place < order.size(); ++place) ASSERT_EQ(ranks[order[place]], place);
}

TEST(RowRanks, RefusesAnotherNumberOfRanks) {
  RowRanks ranker;
  std::vector<std::uint32_t> ranks(2);
  EXPECT_THROW(ranker.rank(std::vector<double>{1.0}, ranks), std::invalid_argument);
}

}  // namespace
}  // namespace stockpot::stats
