#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <random>

#include "stockpot/comm/ordered_reduction.hpp"
#include "stockpot/comm/threads.hpp"
#include "support/leaf_oracle.hpp"

namespace stockpot::comm {
namespace {

using ::testing::HasSubstr;

/// What `scatter_leaves` brings together when leaf l is held by rank owner[l]; every piece must come to the
/// rank that the contract says.
std::vector<double> gathered(int ranks, std::uint64_t leaf_count, const std::vector<double>& leaves,
                             std::uint64_t width, const std::vector<std::uint64_t>& cuts,
                             std::uint64_t seed) {
  std::vector<double> sum(width);
  std::mutex mutex;
  run_threads(ranks, [&](Communicator& communicator) {
    std::mt19937_64 random(seed);
    LeafSums mine(leaf_count, width);
    for (std::uint64_t leaf = 0; leaf < leaf_count; ++leaf) {
      if (static_cast<int>(random() % static_cast<std::uint64_t>(ranks)) != communicator.rank()) continue;
      mine.add(leaf, std::span(leaves).subspan(leaf * width, width));
    }
    int next = communicator.rank();
    scatter_leaves(
        communicator, mine, cuts,
        [&](std::uint64_t first, std::span<const double> sums) {
          EXPECT_EQ(first, cuts[static_cast<std::size_t>(next)]);
          next += ranks;
          const std::lock_guard lock(mutex);
          std::copy(sums.begin(), sums.end(), sum.begin() + static_cast<std::ptrdiff_t>(first));
        },
        "pieces");
  });
  return sum;
}

TEST(ScatterLeaves, GivesEveryPieceOfTheTreesSumToItsRank) {
  for (const std::uint64_t leaf_count : {0U, 1U, 2U, 7U, 64U, 100U}) {
    constexpr std::uint64_t width = 11;
    const std::vector<double> leaves = test::awkward_leaves(leaf_count * width, leaf_count);
    const std::vector<double> expected =
        leaf_count == 0 ? std::vector<double>(width) : test::tree_sum(leaves, width);
    for (const std::vector<std::uint64_t>& cuts :
         {std::vector<std::uint64_t>{0, width}, {0, 1, 2, 3, 10, width}, {0, 4, 8, width}}) {
      for (const int ranks : {1, 2, 3, 5}) {
        EXPECT_TRUE(test::same_bits(gathered(ranks, leaf_count, leaves, width, cuts, leaf_count), expected))
            << leaf_count << " leaves, " << cuts.size() << " cuts, " << ranks << " ranks";
      }
    }
  }
}

TEST(ScatterLeaves, RefusesLeavesThatAreMissingOrHeldTwice) {
  const std::vector<double> leaf{1.0, 2.0};
  const std::vector<std::uint64_t> cuts{0, 2};
  run_threads(2, [&](Communicator& communicator) {
    const auto refused = [&](std::uint64_t leaves, std::uint64_t held, const char* why) {
      LeafSums mine(leaves, 2);
      mine.add(held, leaf);
      try {
        scatter_leaves(communicator, mine, cuts, {}, "pieces");
        ADD_FAILURE() << "accepted: " << why;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::communication);
        EXPECT_THAT(error.what(), HasSubstr(why));
      }
    };
    refused(2, 0, "leaf 0 is held twice");
    refused(3, static_cast<std::uint64_t>(communicator.rank()), "no rank holds leaf 2 of 3");
    refused(static_cast<std::uint64_t>(2 + communicator.rank()), 0, "different leaves");
  });
}

TEST(ScatterLeaves, WhatOneRankCannotTakeEveryRankThrows) {
  run_threads(3, [](Communicator& communicator) {
    LeafSums mine(3, 6);
    mine.add(static_cast<std::uint64_t>(communicator.rank()), std::vector<double>(6, 1.0));
    const std::vector<std::uint64_t> cuts{0, 1, 2, 3, 4, 5, 6};
    try {
      scatter_leaves(
          communicator, mine, cuts,
          [](std::uint64_t first, std::span<const double>) {
            if (first == 1) throw Error(ExitCode::system_io, "no room");
          },
          "pieces");
      ADD_FAILURE() << "went unnoticed";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::system_io);
      EXPECT_STREQ(error.what(), "rank 1: no room");
    }
  });
}

}  // namespace
}  // namespace stockpot::comm
