#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stockpot::stats {

/// Places of the numbers of a row in ascending order. Buffers are kept between rows. Not thread-safe.
class RowRanks {
 public:
  /// ranks[e] = how many of the row's magnitudes come before magnitudes[e], counted from 0. Of equal ones the
  /// one with the lowest position comes last. NaN comes after everything. O(n) where magnitudes spread as
  /// those of weights do, O(n log n) for any; 16 bytes an element.
  /// @pre magnitudes are >= 0 or NaN; fewer than 2^32; `ranks` is as long
  void rank(std::span<const double> magnitudes, std::span<std::uint32_t> ranks);

 private:
  void choose_cells();
  [[nodiscard]] std::size_t cell_of(std::uint64_t key) const {
    return key < lowest_ ? 0 : static_cast<std::size_t>((key - lowest_) >> shift_);
  }

  std::vector<std::uint64_t> keys_;   ///< bit patterns, which order as the magnitudes do
  std::vector<std::uint32_t> order_;  ///< positions by cell, within a cell from the last to the first
  std::vector<std::uint32_t> ends_;   ///< of the cells in `order_`
  std::uint64_t lowest_ = 0;          ///< keys below share the first cell with it
  unsigned shift_ = 0;
};

}  // namespace stockpot::stats
