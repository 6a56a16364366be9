#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "stockpot/stats/reading.hpp"
#include "stockpot/stats/reducer.hpp"

namespace stockpot::stats {

/// A key wanted of one stream: the `rank`-th smallest, counted from 0.
struct Query {
  std::size_t stream = 0;
  std::uint64_t rank = 0;
};

/// The wanted key and its place among all keys of its stream.
struct Found {
  double value = 0.0;
  std::uint64_t below = 0;  ///< keys < value
  std::uint64_t equal = 0;  ///< keys == value

  friend bool operator==(const Found&, const Found&) = default;
};

/// Positions [first, first + count) of a scope read as one long vector.
struct PositionRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;

  friend bool operator==(const PositionRange&, const PositionRange&) = default;
};

/// Exact order statistics of keys that are spread over ranks, in rounds as a survey has them: nothing is
/// gathered, nothing sorted, memory is bounded. A scope has `streams` keys at each position (one per model),
/// numbers >= 0 such as magnitudes of task vectors.
///
/// A sample gives a bracket for each query; one reading of everything counts the keys below it and at its
/// ends and keeps those between, of which the wanted one is then found by splitting the range of bit patterns
/// (which order as the numbers do). Where a bracket misses, or more lies in it than fits, counts over cells
/// of the range give the next bracket: at most 9 more readings, for any keys in any order. Ordinarily there
/// is one. Small scopes take no sample.
///
/// Infinities are ordinary; NaN is above every number. Every rank of the scope holds an equal selection.
class Selection {
 public:
  /// `memory_bytes` bounds what is held at any time; at least `least_bytes_per_query` for each query (and
  /// stream) is used. Throws Error{usage} for a query beyond the streams or the elements.
  Selection(std::uint64_t elements, std::size_t streams, std::vector<Query> queries,
            std::uint64_t memory_bytes);
  Selection(const Selection&) = delete;
  Selection& operator=(const Selection&) = delete;
  ~Selection();

  static constexpr std::uint64_t least_bytes_per_query = 16384;

  /// No rank gives more words than that to the reducer, whatever the keys, for at most so many queries in as
  /// many streams; `locates_ties`: keep_lowest is used.
  static std::uint64_t most_reduced_words(std::uint64_t elements, std::size_t queries,
                                          std::uint64_t memory_bytes, bool locates_ties);

  /// What the next round shows to `take`. `nothing` once all is found and located; without a query at once.
  [[nodiscard]] Reading next() const;
  /// Of a round of ranges: disjoint, ascending, none longer than a leaf.
  [[nodiscard]] std::vector<PositionRange> ranges() const;
  /// Local, thread safe. Keys at positions first_position, ... of one stream, cut anyhow; in each round every
  /// position that is read must be shown once per stream, to one rank. Others may be shown in rounds of
  /// ranges. Cost: O(1) locks per leaf.
  void take(std::size_t stream, std::uint64_t first_position, std::span<const double> keys);
  /// Collective: at most about ten calls of the reducer (twenty after a sample), whatever the number of
  /// queries. Throws on every rank: Error{input} where the wanted key is NaN or keys changed between two
  /// rounds, Error{communication} where positions were left out or shown twice.
  void end_round(Reducer& reducer);

  /// The same on every rank. @pre no round of sample or everything is ahead
  [[nodiscard]] const Found& found(std::size_t query) const;

  /// Asks where the `count` ties (keys equal to the value found) with the lowest positions end: needs rounds
  /// of ranges if `count` is neither 0 nor all. To be called alike on every rank. @pre as for found
  void keep_lowest(std::size_t query, std::uint64_t count);
  /// One past the position of the last tie to keep: a tie is kept if its position is below. 0 for a count of
  /// 0; `elements` where all ties stay or nothing was asked. @pre next() is nothing
  [[nodiscard]] std::uint64_t bound(std::size_t query) const;

 private:
  class Rounds;
  std::unique_ptr<Rounds> rounds_;
};

}  // namespace stockpot::stats
