#include "stockpot/stats/gram_sums.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <thread>

#include "stockpot/base/error.hpp"
#include "stockpot/comm/threads.hpp"
#include "support/communicator_reducer.hpp"

namespace stockpot {
namespace {

using stats::GramMatrix;
using stats::GramSums;

// x_0 = (3, 4), x_1 = (-4, 3), x_2 = (6, 8), x_3 = 0.
const GramMatrix& example() {
  static const GramMatrix gram(4, {25, 0, 25, 50, 0, 100, 0, 0, 0, 0});
  return gram;
}

TEST(GramMatrix, GivesInnerProductsInEitherOrder) {
  EXPECT_EQ(example().vectors(), 4U);
  EXPECT_EQ(example().dot(2, 0), 50.0);
  EXPECT_EQ(example().dot(0, 2), 50.0);
  EXPECT_EQ(example().dot(1, 2), 0.0);
  EXPECT_EQ(example().squared_norm(2), 100.0);
  EXPECT_EQ(example().norm(1), 5.0);
}

TEST(GramMatrix, GivesAnglesAndDistances) {
  EXPECT_EQ(example().cosine(0, 2), 1.0);
  EXPECT_EQ(example().cosine(0, 1), 0.0);
  EXPECT_EQ(example().cosine(0, 3), 0.0);
  EXPECT_EQ(example().cosine(3, 3), 0.0);
  EXPECT_EQ(example().squared_distance(0, 1), 50.0);
  EXPECT_EQ(example().squared_distance(0, 2), 25.0);
  EXPECT_EQ(example().squared_distance(2, 2), 0.0);
}

TEST(GramMatrix, GivesAnglesOfSums) {
  const std::vector<double> first{1, 0, 0, 0};     // (3, 4)
  const std::vector<double> sum{1, 1, 0, 0};       // (-1, 7)
  const std::vector<double> nothing{2, 0, -1, 5};  // (0, 0)
  EXPECT_DOUBLE_EQ(example().cosine(sum, first), 25.0 / (5.0 * std::sqrt(50.0)));
  EXPECT_EQ(example().cosine(first, first), 1.0);
  EXPECT_EQ(example().cosine(sum, nothing), 0.0);
}

TEST(GramMatrix, CosinesStayWithinOneWhateverTheRounding) {
  EXPECT_EQ(GramMatrix(2, {1.0, -1.0 - 1e-15, 1.0}).cosine(0, 1), -1.0);
  EXPECT_DOUBLE_EQ(GramMatrix(2, {1e-310, 1e-310, 1e-310}).cosine(0, 1), 1.0);
  EXPECT_EQ(GramMatrix(2, {1e300, 1e300, 1e300}).cosine(0, 1), 1.0);
  EXPECT_EQ(GramMatrix(2, {1.0, 1.0 + 1e-15, 1.0}).squared_distance(0, 1), 0.0);
}

TEST(GramMatrix, IsLinear) {
  const std::vector<double> a{1, 2, 0, 7};  // (-5, 10)
  const std::vector<double> b{0, 1, 1, 0};  // (2, 11)
  EXPECT_EQ(example().dot(a, b), 100.0);
  EXPECT_EQ(example().norm(a), std::sqrt(125.0));
  EXPECT_EQ(example().norm(std::vector<double>{2, 0, -1, 0}), 0.0);
}

TEST(GramMatrix, NeedsATriangle) {
  EXPECT_THROW(GramMatrix(2, {1, 2, 3, 4}), Error);
  EXPECT_THROW(GramSums(3, 0), Error);
}

TEST(GramSums, HaveTheSameBitsForEveryCut) {
  const std::uint64_t leaves = 237;
  const std::size_t vectors = 3;
  const std::size_t width = 6;
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  std::vector<double> sums(leaves * width);
  for (double& sum : sums) sum = normal(random);
  const std::vector<double> expected = sum_leaves(sums, width);

  for (int ranks = 1; ranks <= 4; ++ranks) {
    comm::run_threads(ranks, [&](comm::Communicator& communicator) {
      const auto size = static_cast<std::uint64_t>(ranks);
      const auto me = static_cast<std::uint64_t>(communicator.rank());
      GramSums mine(leaves, vectors);
      {
        std::vector<std::jthread> workers;
        for (std::uint64_t worker = 0; worker < 2; ++worker) {
          workers.emplace_back([&, worker] {
            const std::uint64_t run = 5;
            for (std::uint64_t first = 0; first < leaves; first += run) {
              if (first / run % size != me || first / run / size % 2 != worker) continue;
              const std::uint64_t count = std::min(run, leaves - first);
              mine.add(first, std::span(sums).subspan(first * width, count * width));
            }
          });
        }
      }
      testing_support::CommunicatorReducer reducer(communicator);
      const GramMatrix total = mine.total(reducer);
      std::size_t index = 0;
      for (std::size_t i = 0; i < vectors; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
          EXPECT_EQ(std::bit_cast<std::uint64_t>(total.dot(i, j)),
                    std::bit_cast<std::uint64_t>(expected[index++]));
        }
      }
    });
  }
}

TEST(GramSums, NoticeALeafThatIsMissingOrTwice) {
  stats::LocalReducer reducer;
  GramSums sums(2, 1);
  sums.add(1, std::vector<double>{1.0});
  EXPECT_THROW(sums.add(1, std::vector<double>{1.0}), Error);
  EXPECT_THROW((void)sums.total(reducer), Error);
  sums.add(0, std::vector<double>{2.0});
  EXPECT_EQ(sums.total(reducer).squared_norm(0), 3.0);
}

TEST(GramSums, OfAScopeWithoutElementsAreZero) {
  stats::LocalReducer reducer;
  EXPECT_EQ(GramSums(0, 2).total(reducer).dot(1, 0), 0.0);
}

}  // namespace
}  // namespace stockpot
