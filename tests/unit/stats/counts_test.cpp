#include "stockpot/stats/counts.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace stockpot {
namespace {

TEST(Counts, AreTheTruncatedDoubleProduct) {
  EXPECT_EQ(stats::kept_count(0.5, 7), 3U);
  EXPECT_EQ(stats::kept_count(0.29, 100), 28U);  // 0.29 * 100 is 28.999999999999996
  EXPECT_EQ(stats::kept_count(0.2, 5), 1U);
  EXPECT_EQ(stats::kept_count(0.57, 100), 56U);  // and 0.57 * 100 is 56.99999999999999
  EXPECT_EQ(stats::kept_count(0.1, 9), 0U);
}

TEST(Counts, StayWithinTheElements) {
  EXPECT_EQ(stats::kept_count(1.0, 12), 12U);
  EXPECT_EQ(stats::kept_count(7.5, 12), 12U);
  EXPECT_EQ(stats::kept_count(-0.5, 12), 0U);
  EXPECT_EQ(stats::kept_count(std::nan(""), 12), 0U);
  EXPECT_EQ(stats::kept_count(std::numeric_limits<double>::infinity(), 12), 12U);
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(stats::kept_count(1.0, most), most);
  EXPECT_LT(stats::kept_count(std::nextafter(1.0, 0.0), most), most);
}

TEST(Counts, TiesKeepsAtLeastOneEntryOfATensorThatHasAny) {
  EXPECT_EQ(stats::ties_kept_count(0.1, 9), 1U);
  EXPECT_EQ(stats::ties_kept_count(0.0, 9), 0U);
  EXPECT_EQ(stats::ties_kept_count(-1.0, 9), 0U);
  EXPECT_EQ(stats::ties_kept_count(0.1, 0), 0U);
  EXPECT_EQ(stats::ties_kept_count(0.5, 9), 4U);
}

TEST(Counts, BreadcrumbsKeepsABandBelowTheLargest) {
  using stats::RankRange;
  EXPECT_EQ(stats::breadcrumbs_kept_ranks(0.5, 0.25, 100), (RankRange{.first = 25, .count = 50}));
  EXPECT_EQ(stats::breadcrumbs_kept_ranks(0.5, 0.0, 10), (RankRange{.first = 5, .count = 5}));
  EXPECT_EQ(stats::breadcrumbs_kept_ranks(0.5, 0.01, 10), (RankRange{.first = 5, .count = 5}));
  // More to drop than is left: density wins.
  EXPECT_EQ(stats::breadcrumbs_kept_ranks(0.9, 0.5, 10), (RankRange{.first = 0, .count = 9}));
  EXPECT_EQ(stats::breadcrumbs_kept_ranks(1.0, 0.01, 1000), (RankRange{.first = 0, .count = 1000}));
  EXPECT_EQ(stats::breadcrumbs_kept_ranks(0.0, 0.1, 10), (RankRange{.first = 9, .count = 0}));
  EXPECT_EQ(stats::breadcrumbs_kept_ranks(0.5, 0.5, 0), (RankRange{.first = 0, .count = 0}));
}

}  // namespace
}  // namespace stockpot
