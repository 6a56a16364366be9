#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "bracket_counter.hpp"
#include "key_sample.hpp"
#include "select_keys.hpp"
#include "selection_limits.hpp"
#include "stockpot/stats/selection.hpp"
#include "tie_search.hpp"

namespace stockpot::stats {

/// The state of all queries, which pass through the rounds in step.
class Selection::Rounds {
 public:
  Rounds(std::uint64_t elements, std::size_t streams, std::span<const Query> queries,
         std::uint64_t memory_bytes);

  [[nodiscard]] Reading next() const { return next_; }
  [[nodiscard]] std::vector<PositionRange> ranges() const;
  void take(std::size_t stream, std::uint64_t first_position, std::span<const double> keys);
  void end_round(Reducer& reducer);
  [[nodiscard]] const Found& found(std::size_t query) const { return progress_.at(query).found.value(); }
  void keep_lowest(std::size_t query, std::uint64_t count);
  [[nodiscard]] std::uint64_t bound(std::size_t query) const { return progress_.at(query).bound; }

 private:
  struct Progress {
    Query query;
    Bracket bracket;                          ///< of the next reading of everything
    Bracket limits;                           ///< known to hold the wanted key, unless that is NaN
    std::unique_ptr<BracketCounter> counter;  ///< while everything is read
    std::optional<Found> found;
    std::vector<std::uint64_t> segment_ties;  ///< of all ranks, once found
    std::unique_ptr<TieSearch> search;
    std::uint64_t bound = 0;
  };
  /// A key that a reading of everything has found, with its place among all keys.
  struct Resolved {
    Progress* progress = nullptr;
    SelectedKey key;
  };
  /// A key known to lie between the ends of its bracket.
  struct Between {
    Progress* progress = nullptr;
    std::uint64_t up_to_low = 0;
  };

  void read_everything();
  void end_sample(Reducer& reducer);
  void end_everything(Reducer& reducer);
  void end_ranges(Reducer& reducer);
  /// Searches that are done give their bounds; the others are what is read next.
  void settle_searches();
  /// Of every query in the round, added over the ranks.
  std::vector<BracketCounts> add_counts(std::span<Progress* const> reading, Reducer& reducer) const;
  static std::vector<Resolved> select_between(std::span<const Between> between, std::uint64_t cells,
                                              Reducer& reducer);
  /// Brackets for the next reading, by counts of cells: too many keys to keep lie between the ends.
  static void split_between(std::span<const Between> between, Reducer& reducer);
  void finish(std::span<const Resolved> resolved, Reducer& reducer) const;

  std::uint64_t elements_;
  SelectionLimits limits_;
  Reading next_ = Reading::nothing;
  std::vector<std::unique_ptr<KeySample>> samples_;  ///< by stream, in a round that samples
  std::vector<Progress> progress_;
};

}  // namespace stockpot::stats
