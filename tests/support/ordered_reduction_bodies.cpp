#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "stockpot/comm/ordered_reduction.hpp"
#include "support/collective_bodies.hpp"
#include "support/leaf_oracle.hpp"

namespace stockpot::test {
namespace {

using comm::Communicator;
using comm::LeafRun;

constexpr std::uint64_t leaf_counts[] = {0, 1, 2, 3, 7, 8, 1000};

/// How leaves are dealt to ranks.
enum class Deal { contiguous, round_robin, random, last_rank_only };

std::vector<int> owners(Deal deal, std::uint64_t leaf_count, int ranks, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<int> owner(leaf_count);
  const auto rank_count = static_cast<std::uint64_t>(ranks);
  for (std::uint64_t leaf = 0; leaf < leaf_count; ++leaf) {
    std::uint64_t rank = rank_count - 1;
    if (deal == Deal::contiguous) rank = leaf * rank_count / leaf_count;
    if (deal == Deal::round_robin) rank = leaf % rank_count;
    if (deal == Deal::random) rank = random() % rank_count;
    owner[leaf] = static_cast<int>(rank);
  }
  return owner;
}

/// The runs of one rank, in an order shuffled by `seed`; neighbours are sometimes left as separate runs.
std::vector<LeafRun> runs_of(int rank, const std::vector<int>& owner, const std::vector<double>& leaves,
                             std::uint64_t width, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<LeafRun> runs;
  for (std::uint64_t leaf = 0; leaf < owner.size();) {
    std::uint64_t end = leaf + 1;
    if (owner[leaf] == rank) {
      while (end < owner.size() && owner[end] == rank && random() % 16 != 0) ++end;
      runs.push_back({leaf, std::span(leaves).subspan(leaf * width, (end - leaf) * width)});
    }
    leaf = end;
  }
  std::shuffle(runs.begin(), runs.end(), random);
  return runs;
}

std::string refusal(Communicator& communicator, std::uint64_t leaf_count, const std::vector<LeafRun>& runs) {
  std::string text = "accepted";
  try {
    (void)comm::reduce_leaves(communicator, leaf_count, 2, runs, "norms");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::communication);
    text = error.what();
  }
  for (const std::string& other : communicator.all_gather(text, "refusals")) EXPECT_EQ(other, text);
  return text;
}

}  // namespace

void check_ordered_reduction(Communicator& communicator) {
  std::uint64_t seed = 1;
  for (const std::uint64_t leaf_count : leaf_counts) {
    for (std::uint64_t width = 1; width <= 5; ++width) {
      const std::vector<double> leaves = awkward_leaves(leaf_count * width, ++seed);
      const std::vector<double> expected = tree_sum(leaves, width);
      for (const Deal deal : {Deal::contiguous, Deal::round_robin, Deal::random, Deal::last_rank_only}) {
        const std::vector<int> owner = owners(deal, leaf_count, communicator.size(), ++seed);
        const auto runs = runs_of(communicator.rank(), owner, leaves, width, ++seed);
        const auto sum = comm::reduce_leaves(communicator, leaf_count, width, runs, "leaves");
        EXPECT_TRUE(same_bits(sum, expected)) << leaf_count << " leaves of " << width << ", deal "
                                              << static_cast<int>(deal) << ", seed " << seed;
      }
    }
  }
}

void check_ordered_reduction_refusals(Communicator& communicator) {
  const std::vector<double> values(20, 1.0);
  const bool last = communicator.rank() == communicator.size() - 1;
  const auto leaves = [&](std::uint64_t first, std::uint64_t count) {
    return LeafRun{first, std::span(values).subspan(0, count * 2)};
  };
  const auto given = [&](const std::vector<LeafRun>& runs) { return last ? runs : std::vector<LeafRun>{}; };

  using testing::HasSubstr;
  EXPECT_EQ(refusal(communicator, 10, given({leaves(0, 10)})), "accepted");
  EXPECT_THAT(refusal(communicator, 10, given({leaves(0, 4), leaves(5, 5)})),
              HasSubstr("no rank holds leaf 4"));
  EXPECT_THAT(refusal(communicator, 10, given({leaves(0, 9)})), HasSubstr("no rank holds leaf 9"));
  EXPECT_THAT(refusal(communicator, 10, given({leaves(1, 9)})), HasSubstr("no rank holds leaf 0"));
  EXPECT_THAT(refusal(communicator, 10, {}), HasSubstr("no rank holds leaf 0"));
  EXPECT_THAT(refusal(communicator, 10, given({leaves(0, 10), leaves(3, 1)})),
              HasSubstr("leaf 3 is held twice"));
  EXPECT_THAT(refusal(communicator, 10, given({leaves(1, 10)})), HasSubstr("beyond the 10 leaves"));
  EXPECT_THAT(refusal(communicator, 0, given({leaves(0, 1)})), HasSubstr("beyond the 0 leaves"));
  EXPECT_THAT(refusal(communicator, 10, given({{0, std::span(values).subspan(0, 3)}})),
              HasSubstr("no whole number of leaves"));
  if (communicator.size() == 1) return;

  std::vector<LeafRun> mine = given({leaves(0, 10)});
  if (communicator.is_root()) mine = {leaves(9, 1)};
  EXPECT_THAT(refusal(communicator, 10, mine), HasSubstr("is held twice"));
  const std::uint64_t leaf_count = communicator.is_root() ? 10 : 9;
  EXPECT_THAT(refusal(communicator, leaf_count, communicator.is_root() ? std::vector{leaves(0, 10)} : mine),
              HasSubstr("rank 1 sums 9"));
}

}  // namespace stockpot::test
