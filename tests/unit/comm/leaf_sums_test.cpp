#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "stockpot/comm/ordered_reduction.hpp"
#include "stockpot/comm/threads.hpp"
#include "support/leaf_oracle.hpp"

namespace stockpot {
namespace {

TEST(SumLeaves, EqualsTheRecursiveDefinition) {
  for (std::uint64_t leaf_count = 0; leaf_count < 70; ++leaf_count) {
    for (std::uint64_t width = 1; width <= 5; ++width) {
      const auto leaves = test::awkward_leaves(leaf_count * width, leaf_count * 10 + width);
      EXPECT_TRUE(test::same_bits(sum_leaves(leaves, width), test::tree_sum(leaves, width)))
          << leaf_count << " leaves of " << width;
    }
  }
}

TEST(SumLeaves, OfNothingIsPositiveZeroAndOfOneLeafTheLeaf) {
  EXPECT_TRUE(test::same_bits(sum_leaves({}, 2), std::vector<double>{0.0, 0.0}));
  EXPECT_TRUE(test::same_bits(sum_leaves(std::vector<double>{-0.0}, 1), std::vector<double>{-0.0}));
}

TEST(SumLeaves, RefusesLeavesWithoutWidthAndHalfLeaves) {
  EXPECT_THROW(sum_leaves(std::vector<double>{1.0}, 0), Error);
  EXPECT_THROW(sum_leaves(std::vector<double>{1.0, 2.0, 3.0}, 2), Error);
}

TEST(SumLeaves, OrderMatters) {
  // Guards the tests themselves: the leaves must tell the tree from a plain loop.
  const auto leaves = test::awkward_leaves(1000, 5);
  const double in_order = std::accumulate(leaves.begin(), leaves.end(), 0.0);
  EXPECT_FALSE(test::same_bits(sum_leaves(leaves, 1), std::vector<double>{in_order}));
}

TEST(LeafSums, TakesLeavesInAnyOrder) {
  std::mt19937_64 random(7);
  for (const std::uint64_t leaf_count : {1U, 2U, 3U, 7U, 8U, 33U, 1000U}) {
    const auto leaves = test::awkward_leaves(leaf_count * 2, leaf_count);
    std::vector<std::uint64_t> order(leaf_count);
    std::iota(order.begin(), order.end(), std::uint64_t{0});
    std::shuffle(order.begin(), order.end(), random);
    LeafSums sum(leaf_count, 2);
    for (const std::uint64_t leaf : order) {
      EXPECT_NE(sum.first_missing_leaf(), leaf_count);
      sum.add(leaf, std::span(leaves).subspan(leaf * 2, 2));
    }
    EXPECT_EQ(sum.nodes().size(), 1U);
    EXPECT_EQ(sum.first_missing_leaf(), leaf_count);
    EXPECT_TRUE(test::same_bits(sum.total(), test::tree_sum(leaves, 2)));
  }
}

TEST(LeafSums, KeepsAFewNodesPerRun) {
  constexpr std::uint64_t leaf_count = (1 << 16) + 5;
  const std::vector<double> ones(leaf_count, 1.0);
  std::mt19937_64 random(3);
  for (int trial = 0; trial < 50; ++trial) {
    const std::uint64_t first = random() % leaf_count;
    const std::uint64_t count = random() % (leaf_count - first) + 1;
    LeafSums at_once(leaf_count, 1);
    at_once.add(first, std::span(ones).subspan(first, count));
    EXPECT_LE(at_once.nodes().size(), 2U * 17U);
    EXPECT_EQ(at_once.first_missing_leaf(), first == 0 ? count : 0U);
  }
  LeafSums in_order(leaf_count, 1);
  std::size_t most_nodes = 0;
  for (std::uint64_t leaf = 0; leaf < leaf_count; ++leaf) {
    in_order.add(leaf, std::span(ones).subspan(leaf, 1));
    most_nodes = std::max(most_nodes, in_order.nodes().size());
  }
  EXPECT_LE(most_nodes, 17U);
  EXPECT_EQ(in_order.total(), std::vector<double>{leaf_count});
}

TEST(LeafSums, ARunEndsInTheLargestAlignedSubtrees) {
  const std::vector<double> ones(11, 1.0);
  LeafSums sum(11, 1);
  sum.add(3, std::span(ones).subspan(0, 8));  // leaves 3..10 of 0..10: 3, 4..7, 8..10 (the ragged right edge)
  std::vector<std::pair<std::uint64_t, unsigned>> subtrees;
  for (const auto& [first_leaf, node] : sum.nodes()) subtrees.emplace_back(first_leaf, node.level);
  EXPECT_THAT(subtrees, testing::ElementsAre(std::pair(3U, 0U), std::pair(4U, 2U), std::pair(8U, 3U)));
}

TEST(LeafSums, SubtreesOfARunAreCountedWithoutIt) {
  for (const std::uint64_t leaf_count : {1U, 2U, 3U, 5U, 8U, 11U, 16U, 21U}) {
    const std::vector<double> ones(leaf_count, 1.0);
    for (std::uint64_t first = 0; first <= leaf_count; ++first) {
      for (std::uint64_t end = first; end <= leaf_count; ++end) {
        LeafSums sum(leaf_count, 1);
        sum.add(first, std::span(ones).subspan(first, end - first));
        EXPECT_EQ(subtree_count(leaf_count, first, end), sum.nodes().size())
            << first << " to " << end << " of " << leaf_count;
      }
    }
  }
}

TEST(LeafSums, RefusesWhatDoesNotFit) {
  const std::vector<double> values(8, 1.0);
  LeafSums sum(6, 1);
  sum.add(2, std::span(values).subspan(0, 2));
  EXPECT_THROW(sum.add(3, std::span(values).subspan(0, 1)), Error);
  EXPECT_THROW(sum.add(1, std::span(values).subspan(0, 2)), Error);
  EXPECT_THROW(sum.add(0, values), Error);
  EXPECT_THROW(sum.add(6, std::span(values).subspan(0, 1)), Error);
  EXPECT_THROW(sum.add(std::uint64_t{1} << 63, std::span(values).subspan(0, 1)), Error);
  EXPECT_THROW((void)sum.total(), Error);
  EXPECT_EQ(sum.add_node(1, 1, {1.0}), LeafSums::Fit::held_already);
  EXPECT_EQ(sum.add_node(2, 0, {1.0}), LeafSums::Fit::held_already);
  EXPECT_EQ(sum.add_node(1, 3, {1.0}), LeafSums::Fit::beyond_last_leaf);
  EXPECT_EQ(sum.add_node(60, 1, {1.0}), LeafSums::Fit::beyond_last_leaf);
  EXPECT_EQ(sum.add_node(2, std::uint64_t{1} << 62, {1.0}), LeafSums::Fit::beyond_last_leaf);
  EXPECT_THROW(LeafSums((std::uint64_t{1} << 62) + 1, 1), Error);
}

TEST(ReduceLeaves, OfLeafSumssFilledInAnyOrder) {
  const auto leaves = test::awkward_leaves(300, 9);
  const auto expected = test::tree_sum(leaves, 3);
  comm::run_threads(4, [&](comm::Communicator& communicator) {
    LeafSums mine(100, 3);
    const auto rank = static_cast<std::uint64_t>(communicator.rank());
    for (std::uint64_t leaf = 100; leaf-- > 0;) {
      if (leaf % 4 == rank) mine.add(leaf, std::span(leaves).subspan(leaf * 3, 3));
    }
    EXPECT_TRUE(test::same_bits(comm::reduce_leaves(communicator, mine, "leaves"), expected));
  });
}

}  // namespace
}  // namespace stockpot
