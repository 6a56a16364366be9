#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "stockpot/stats/selection.hpp"

namespace stockpot::stats {

/// Finds the position of the `index`-th tie (from 0, by position): counts the ties in the cells of a range of
/// positions, goes on with the cell that holds it, until cells are single positions.
class TieSearch {
 public:
  /// `range` holds more than `index` ties, keys equal to `value`. At most `most_cells` counts are held.
  TieSearch(double value, PositionRange range, std::uint64_t index, std::uint64_t most_cells);

  [[nodiscard]] bool done() const { return range_.count == 1; }
  /// What the next round must show; the tie's own position once done.
  [[nodiscard]] const PositionRange& range() const { return range_; }
  /// Thread safe. What lies outside the range is passed over.
  void take(std::uint64_t first_position, std::span<const double> keys);
  /// Of the round: to be added over the ranks and handed to `enter`.
  [[nodiscard]] std::span<const std::uint64_t> counts() const { return counts_; }
  /// Throws Error{input} where the tie is not among them.
  void enter(std::span<const std::uint64_t> counts);

 private:
  void divide();

  double value_;
  PositionRange range_;
  std::uint64_t index_;
  std::uint64_t most_cells_;
  std::uint64_t cell_elements_ = 1;
  std::mutex mutex_;  ///< guards the counts while takes run
  std::vector<std::uint64_t> counts_;
};

/// The union of ranges, ascending, cut into pieces of at most `longest`.
std::vector<PositionRange> disjoint_pieces(std::vector<PositionRange> ranges, std::uint64_t longest);

}  // namespace stockpot::stats
