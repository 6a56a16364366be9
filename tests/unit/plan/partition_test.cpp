#include "stockpot/plan/partition.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace stockpot::plan {
namespace {

struct Loads {
  std::vector<WorkLoad> tasks;
  double total = 0.0;
  double largest_unit = 0.0;
};

/// Tasks of one or many units, a few without cost.
Loads random_loads(std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  Loads loads;
  const std::uint64_t tasks = generator() % 200;
  for (std::uint64_t t = 0; t < tasks; ++t) {
    WorkLoad load;
    load.units = generator() % 4 == 0 ? 1 + generator() % 500 : 1;
    load.unit_cost = generator() % 10 == 0 ? 0.0 : static_cast<double>(1 + generator() % 1000);
    const double last = load.unit_cost * (static_cast<double>(generator() % 1000) + 1.0) / 1000.0;
    load.cost = load.unit_cost * static_cast<double>(load.units - 1) + last;
    loads.total += load.cost;
    loads.largest_unit = std::max(loads.largest_unit, load.unit_cost);
    loads.tasks.push_back(load);
  }
  return loads;
}

void expect_every_unit_once_in_order(const std::vector<WorkLoad>& loads,
                                     const std::vector<std::vector<Piece>>& shares) {
  std::uint32_t task = 0;
  std::uint64_t unit = 0;
  for (const auto& share : shares) {
    for (const Piece& piece : share) {
      ASSERT_LT(piece.task, loads.size());
      ASSERT_EQ(piece.task, task);
      ASSERT_EQ(piece.first_unit, unit);
      ASSERT_LT(piece.first_unit, piece.end_unit);
      ASSERT_LE(piece.end_unit, loads[task].units);
      unit = piece.end_unit;
      if (unit == loads[task].units) {
        ++task;
        unit = 0;
      }
    }
  }
  EXPECT_EQ(task, loads.size());
  EXPECT_EQ(unit, 0U);
}

class Partition : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Partition, EveryUnitIsInOneShareAndSharesAreNearlyEqual) {
  const Loads loads = random_loads(GetParam());
  for (const std::uint64_t owners : {1U, 2U, 3U, 4U, 7U, 16U, 100U, 1024U, 10000U}) {
    SCOPED_TRACE(owners);
    const auto shares = partition(loads.tasks, owners);
    ASSERT_EQ(shares.size(), owners);
    expect_every_unit_once_in_order(loads.tasks, shares);
    const double mean = loads.total / static_cast<double>(owners);
    if (mean == 0.0) continue;
    // Each end of a share lies at most half a unit, or 1 % of a share, from where it should.
    const double bound = (loads.largest_unit + 0.02 * mean) / mean;
    EXPECT_LE(imbalance(loads.tasks, shares), bound + 1e-9);
    EXPECT_GE(imbalance(loads.tasks, shares), -1e-9);
  }
}

INSTANTIATE_TEST_SUITE_P(Random, Partition, testing::Range(std::uint64_t{0}, std::uint64_t{60}));

TEST(Partition, NothingToDoIsSharedToo) {
  EXPECT_EQ(partition({}, 3), (std::vector<std::vector<Piece>>(3)));
  const std::vector<WorkLoad> empty_tensors(5);
  const auto shares = partition(empty_tensors, 4);
  expect_every_unit_once_in_order(empty_tensors, shares);
  EXPECT_EQ(imbalance(empty_tensors, shares), 0.0);
}

TEST(Partition, AShareBeginsAtATaskWhereThatIsNearlyFree) {
  const WorkLoad layer{100, 100.0, 1.0};
  const auto shares = partition({layer, {100, 99.5, 1.0}, layer, layer}, 2);
  EXPECT_EQ(shares[0], (std::vector<Piece>{{0, 0, 100}, {1, 0, 100}}));
  EXPECT_EQ(shares[1], (std::vector<Piece>{{2, 0, 100}, {3, 0, 100}}));
}

TEST(Partition, ATensorLargerThanAShareIsCut) {
  const auto shares = partition({{1000, 1000.0, 1.0}, {1, 1.0, 1.0}}, 3);
  EXPECT_EQ(shares[0].size(), 1U);
  EXPECT_EQ(shares[0][0].end_unit, shares[1][0].first_unit);
  EXPECT_LT(imbalance({{1000, 1000.0, 1.0}, {1, 1.0, 1.0}}, shares), 0.01);
}

}  // namespace
}  // namespace stockpot::plan
