#include "stockpot/stats/selection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "stockpot/base/error.hpp"
#include "unit/stats/key_sets.hpp"
#include "unit/stats/selection_case.hpp"

namespace stockpot {
namespace {

using stats::Query;
using stats::Reading;
using stats::Selection;
using testing_support::Cut;
using testing_support::draw_keys;
using testing_support::Effort;
using testing_support::key_sets;
using testing_support::KeySet;
using testing_support::oracle;
using testing_support::select;
using testing_support::SelectionCase;

/// Ranks worth asking for: the ends, the middle, one in five from above.
std::vector<Query> queries_of(std::size_t streams, std::uint64_t elements) {
  std::vector<Query> queries;
  for (std::size_t stream = 0; stream < streams; ++stream) {
    for (const std::uint64_t rank :
         {std::uint64_t{0}, elements / 2, elements - elements / 5 - 1, elements - 1}) {
      queries.push_back({.stream = stream, .rank = rank});
    }
  }
  return queries;
}

class EveryKeySet : public testing::TestWithParam<KeySet> {};

TEST_P(EveryKeySet, IsSelectedAsSortingDoesInSmallScopes) {
  std::mt19937_64 random(1);
  for (const std::uint64_t elements : {1U, 2U, 3U, 99U, 4096U, 4097U, 30000U}) {
    SelectionCase asked;
    for (int stream = 0; stream < 2; ++stream) asked.streams.push_back(GetParam().make(elements, random));
    asked.queries = queries_of(2, elements);
    const auto expected = oracle(asked);
    for (const std::uint64_t memory : {std::uint64_t{1}, std::uint64_t{1} << 24}) {
      asked.memory_bytes = memory;
      for (const Cut& cut :
           {Cut{}, Cut{.ranks = 2, .tile_leaves = 1}, Cut{.ranks = 7, .interleaved = true}}) {
        EXPECT_EQ(select(asked, cut), expected) << elements << " elements, " << cut.ranks << " ranks";
      }
    }
  }
}

TEST_P(EveryKeySet, IsSelectedAsSortingDoesAfterASample) {
  std::mt19937_64 random(2);
  const std::uint64_t elements = 700'001;
  SelectionCase asked;
  asked.streams.push_back(GetParam().make(elements, random));
  asked.queries = queries_of(1, elements);
  const auto expected = oracle(asked);
  for (const std::uint64_t memory : {std::uint64_t{1}, std::uint64_t{1} << 20, std::uint64_t{1} << 26}) {
    asked.memory_bytes = memory;
    for (const Cut& cut : {Cut{.tile_leaves = 16}, Cut{.ranks = 3, .interleaved = true, .backwards = true}}) {
      Effort effort;
      EXPECT_EQ(select(asked, cut, &effort), expected) << memory << " bytes, " << cut.ranks << " ranks";
      EXPECT_LE(effort.everything, memory == 1 ? 10 : 4);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Selection, EveryKeySet, testing::ValuesIn(key_sets()),
                         [](const auto& set) { return std::string(set.param.name); });

TEST(Selection, FindsTheSameForEveryCut) {
  std::mt19937_64 random(3);
  SelectionCase asked;
  for (int stream = 0; stream < 3; ++stream) {
    asked.streams.push_back(testing_support::bf16_delta_keys(400'000, random));
    asked.queries.push_back({.stream = asked.streams.size() - 1, .rank = 320'000});
  }
  const auto expected = oracle(asked);
  for (int ranks = 1; ranks <= 7; ++ranks) {
    for (const bool interleaved : {false, true}) {
      const Cut cut{.ranks = ranks,
                    .interleaved = interleaved,
                    .tile_leaves = static_cast<std::uint64_t>(ranks),
                    .threads = ranks % 3 + 1,
                    .backwards = ranks % 2 == 0};
      EXPECT_EQ(select(asked, cut), expected) << ranks << " ranks";
    }
  }
}

TEST(Selection, FindsEveryRankOfASmallScope) {
  std::mt19937_64 random(4);
  SelectionCase asked;
  asked.streams.push_back(draw_keys(200, [&](std::uint64_t) { return static_cast<double>(random() % 40); }));
  for (std::uint64_t rank = 0; rank < 200; ++rank) asked.queries.push_back({.stream = 0, .rank = rank});
  EXPECT_EQ(select(asked, Cut{.ranks = 2}), oracle(asked));
}

TEST(Selection, LocatesAnyNumberOfTies) {
  std::mt19937_64 random(5);
  SelectionCase asked;
  asked.streams.push_back(testing_support::two_values_keys(50'000, random));
  for (const std::uint64_t kept : {0U, 1U, 2U, 777U, 15'000U, 40'000U}) {
    asked.queries.push_back({.stream = 0, .rank = kept % 2 == 0 ? 0U : 49'999U});
    asked.kept_ties.push_back(kept);
  }
  EXPECT_EQ(select(asked, Cut{.ranks = 3, .interleaved = true}), oracle(asked));
}

TEST(Selection, TiesCanBeLocatedAgain) {
  const std::vector<double> keys(10, 1.0);
  Selection selection(10, 1, {{.stream = 0, .rank = 3}}, 0);
  stats::LocalReducer reducer;
  const auto run = [&] {
    while (selection.next() != Reading::nothing) {
      selection.take(0, 0, keys);
      selection.end_round(reducer);
    }
  };
  run();
  EXPECT_EQ(selection.bound(0), 10U);
  for (const std::uint64_t kept : {4U, 10U, 1U, 0U, 9U}) {
    selection.keep_lowest(0, kept);
    run();
    EXPECT_EQ(selection.bound(0), kept);
  }
}

TEST(Selection, ReadsEverythingOnceInOrdinaryCases) {
  std::mt19937_64 random(6);
  const std::uint64_t elements = std::uint64_t{4} << 20;
  for (const auto make : {testing_support::normal_keys, testing_support::bf16_delta_keys}) {
    SelectionCase asked{.streams = {make(elements, random)}, .queries = {{0, elements - elements / 5}}};
    asked.memory_bytes = std::uint64_t{1} << 20;
    Effort effort;
    EXPECT_EQ(select(asked, Cut{.ranks = 2, .tile_leaves = 16}, &effort), oracle(asked));
    EXPECT_EQ(effort.sample, 1);
    EXPECT_EQ(effort.everything, 1);
    EXPECT_LE(effort.ranges, 1);
    EXPECT_LE(effort.most_calls, 20);
  }
}

TEST(Selection, SmallScopesTakeNoSample) {
  std::mt19937_64 random(7);
  SelectionCase asked{.streams = {testing_support::normal_keys(200'000, random)},
                      .queries = {{0, 0}, {0, 100'000}, {0, 150'000}}};
  asked.memory_bytes = std::uint64_t{16} << 20;
  Effort effort;
  EXPECT_EQ(select(asked, Cut{.ranks = 2}, &effort), oracle(asked));
  EXPECT_EQ(effort.sample, 0);
  EXPECT_EQ(effort.everything, 1);
  EXPECT_LE(effort.most_calls, 10);
}

TEST(Selection, NanIsAboveEveryNumber) {
  std::mt19937_64 random(8);
  for (const std::uint64_t elements : {1000U, 300'000U}) {
    SelectionCase asked{.streams = {testing_support::any_number_keys(elements, random)},
                        .queries = {{0, 0}, {0, elements - elements / 10 - 1}}};
    for (std::uint64_t i = 0; i < elements / 10; ++i) {
      asked.streams[0][i * 10] = i % 2 == 0 ? std::nan("") : -std::nan("");
    }
    EXPECT_EQ(select(asked, Cut{.ranks = 2}), oracle(asked));
    asked.queries = {{0, elements - elements / 10}};
    try {
      select(asked, Cut{.ranks = 2});
      ADD_FAILURE() << "NaN was selected";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::input);
      EXPECT_THAT(error.what(), testing::HasSubstr("it is NaN"));
    }
  }
}

TEST(Selection, WithoutAQueryNothingIsRead) {
  EXPECT_EQ(Selection(0, 2, {}, 0).next(), Reading::nothing);
  EXPECT_EQ(Selection(1'000'000, 2, {}, 0).next(), Reading::nothing);
}

TEST(Selection, RefusesWhatIsNotThere) {
  EXPECT_THROW(Selection(0, 1, {{.stream = 0, .rank = 0}}, 0), Error);
  EXPECT_THROW(Selection(10, 1, {{.stream = 0, .rank = 10}}, 0), Error);
  EXPECT_THROW(Selection(10, 1, {{.stream = 1, .rank = 0}}, 0), Error);
}

TEST(Selection, NoticesKeysThatChangeBetweenRounds) {
  stats::LocalReducer reducer;
  const std::vector<double> ones(100'000, 1.0);
  for (const double changed : {0.0, std::numeric_limits<double>::infinity()}) {
    std::mt19937_64 random(9);
    std::vector<double> keys = testing_support::any_number_keys(ones.size(), random);
    Selection selection(keys.size(), 1, {{.stream = 0, .rank = keys.size() / 2}}, 0);
    selection.take(0, 0, keys);  // more than fits
    selection.end_round(reducer);
    ASSERT_EQ(selection.next(), Reading::everything);
    std::fill(keys.begin(), keys.end(), changed);
    selection.take(0, 0, keys);
    EXPECT_THROW(selection.end_round(reducer), Error);
  }
  Selection selection(ones.size(), 1, {{.stream = 0, .rank = 5}}, std::uint64_t{4} << 20);
  selection.take(0, 0, ones);
  selection.end_round(reducer);
  selection.keep_lowest(0, 5);
  ASSERT_EQ(selection.next(), Reading::ranges);
  selection.take(0, 0, std::vector<double>(ones.size(), 3.0));
  EXPECT_THROW(selection.end_round(reducer), Error);
}

TEST(Selection, NoticesPositionsThatWereNotShown) {
  stats::LocalReducer reducer;
  Selection selection(10, 1, {{.stream = 0, .rank = 3}}, 0);
  selection.take(0, 0, std::vector<double>(9, 1.0));
  EXPECT_THROW(selection.end_round(reducer), Error);
}

}  // namespace
}  // namespace stockpot
