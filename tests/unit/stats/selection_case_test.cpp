// The driver that plays the engine's part for the tests of selections, and the oracle.
#include "unit/stats/selection_case.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "stockpot/comm/threads.hpp"
#include "stockpot/tensor/leaf_sums.hpp"
#include "support/communicator_reducer.hpp"

namespace stockpot::testing_support {
namespace {

using stats::PositionRange;
using stats::Reading;

std::uint64_t kept_of(const SelectionCase& asked, std::size_t query, std::uint64_t ties) {
  return asked.kept_ties.empty() ? ties / 2 : asked.kept_ties[query];
}

std::vector<PositionRange> tiles_of(std::uint64_t elements, const Cut& cut) {
  std::vector<PositionRange> tiles;
  const std::uint64_t tile_elements = cut.tile_leaves * leaf_elements;
  for (std::uint64_t first = 0; first < elements; first += tile_elements) {
    tiles.push_back({.first = first, .count = std::min(tile_elements, elements - first)});
  }
  return tiles;
}

/// What a rank shows in a round.
std::vector<PositionRange> shown_by(int rank, Reading reading, const stats::Selection& selection,
                                    std::uint64_t elements, const Cut& cut) {
  const auto size = static_cast<std::size_t>(cut.ranks);
  const auto me = static_cast<std::size_t>(rank);
  std::vector<PositionRange> mine;
  if (reading == Reading::ranges) {
    const std::vector<PositionRange> ranges = selection.ranges();
    for (std::size_t i = me; i < ranges.size(); i += size) mine.push_back(ranges[i]);
    return mine;
  }
  const std::vector<PositionRange> tiles = tiles_of(elements, cut);
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    if (me != (cut.interleaved ? i % size : i * size / tiles.size())) continue;
    if (reading == Reading::everything) {
      mine.push_back(tiles[i]);
      continue;
    }
    const std::uint64_t end = tiles[i].first + tiles[i].count;
    for (std::uint64_t first = tiles[i].first; first < end; first += leaf_elements) {
      if (first / leaf_elements % 64 == 5) {
        mine.push_back({.first = first, .count = std::min(leaf_elements, end - first)});
      }
    }
  }
  if (cut.backwards) std::reverse(mine.begin(), mine.end());
  return mine;
}

void show(stats::Selection& selection, const std::vector<PositionRange>& tiles, const SelectionCase& asked,
          int threads) {
  const auto work = [&](std::size_t thread) {
    for (std::size_t i = thread; i < tiles.size(); i += static_cast<std::size_t>(threads)) {
      for (std::size_t stream = 0; stream < asked.streams.size(); ++stream) {
        selection.take(stream, tiles[i].first,
                       std::span(asked.streams[stream]).subspan(tiles[i].first, tiles[i].count));
      }
    }
  };
  if (threads == 1) return work(0);
  std::vector<std::jthread> workers;
  for (std::size_t thread = 0; thread < static_cast<std::size_t>(threads); ++thread) {
    workers.emplace_back(work, thread);
  }
}

}  // namespace

Outcome select(const SelectionCase& asked, const Cut& cut, Effort* effort) {
  std::vector<Outcome> outcomes(static_cast<std::size_t>(cut.ranks));
  comm::run_threads(cut.ranks, [&](comm::Communicator& communicator) {
    CommunicatorReducer reducer(communicator);
    stats::Selection selection(asked.elements(), asked.streams.size(), asked.queries, asked.memory_bytes);
    Effort mine;
    const auto run = [&] {
      for (Reading next = selection.next(); next != Reading::nothing; next = selection.next()) {
        mine.sample += next == Reading::sample ? 1 : 0;
        mine.everything += next == Reading::everything ? 1 : 0;
        mine.ranges += next == Reading::ranges ? 1 : 0;
        show(selection, shown_by(communicator.rank(), next, selection, asked.elements(), cut), asked,
             cut.threads);
        const int calls_before = reducer.calls;
        selection.end_round(reducer);
        mine.most_calls = std::max(mine.most_calls, reducer.calls - calls_before);
      }
    };
    run();
    Outcome& outcome = outcomes[static_cast<std::size_t>(communicator.rank())];
    for (std::size_t i = 0; i < asked.queries.size(); ++i) {
      outcome.found.push_back(selection.found(i));
      selection.keep_lowest(i, kept_of(asked, i, outcome.found[i].equal));
    }
    run();
    for (std::size_t i = 0; i < asked.queries.size(); ++i) outcome.bounds.push_back(selection.bound(i));
    if (effort != nullptr && communicator.is_root()) *effort = mine;
  });
  for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome, outcomes[0]);
  return outcomes[0];
}

Outcome oracle(const SelectionCase& asked) {
  std::map<std::size_t, std::vector<double>> sorted;
  Outcome outcome;
  for (std::size_t i = 0; i < asked.queries.size(); ++i) {
    const auto& [stream, rank] = asked.queries[i];
    const std::vector<double>& keys = asked.streams[stream];
    std::vector<double>& ascending = sorted[stream];
    if (ascending.empty()) {
      std::remove_copy_if(keys.begin(), keys.end(), std::back_inserter(ascending),
                          [](double key) { return key != key; });
      std::sort(ascending.begin(), ascending.end());
    }
    const double value = ascending.at(rank);
    const auto [first, last] = std::equal_range(ascending.begin(), ascending.end(), value);
    const auto equal = static_cast<std::uint64_t>(last - first);
    outcome.found.push_back(
        {.value = value, .below = static_cast<std::uint64_t>(first - ascending.begin()), .equal = equal});

    const std::uint64_t kept = kept_of(asked, i, equal);
    std::uint64_t bound = kept == 0 ? 0 : keys.size();
    if (kept > 0 && kept < equal) {
      std::uint64_t ties = 0;
      for (bound = 0; ties < kept; ++bound) ties += keys[bound] == value ? 1U : 0U;
    }
    outcome.bounds.push_back(bound);
  }
  return outcome;
}

TEST(SelectionOracle, CountsAndLocatesTies) {
  const SelectionCase asked{
      .streams = {{3, 1, 2, 2, 0, 2}}, .queries = {{0, 2}, {0, 4}, {0, 5}}, .kept_ties = {2, 0, 1}};
  EXPECT_EQ(oracle(asked), (Outcome{.found = {{2, 2, 3}, {2, 2, 3}, {3, 5, 1}}, .bounds = {4, 0, 6}}));
}

}  // namespace stockpot::testing_support
