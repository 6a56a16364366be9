#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "bit_cells.hpp"
#include "key_bits.hpp"
#include "selection_limits.hpp"

namespace stockpot::stats {

/// Keys of one reading, by where they lie to a bracket. What is in none of these is above it (or NaN).
struct BracketCounts {
  std::uint64_t seen = 0;
  std::uint64_t below = 0;
  std::uint64_t at_low = 0;
  std::uint64_t between = 0;
  std::uint64_t at_high = 0;    ///< 0 where the bracket is one value
  std::uint64_t overflows = 0;  ///< ranks that could not keep the keys between
};

/// What one rank sees of one query while everything is read. The ends of the bracket are only counted, per
/// segment of the positions: they come from a sample, so a value that many keys share ends a bracket. Keys
/// between are kept, or counted by cells once there are too many.
class BracketCounter {
 public:
  BracketCounter(Bracket bracket, const SelectionLimits& limits);

  /// Thread safe.
  void take(std::uint64_t first_position, std::span<const double> keys);

  [[nodiscard]] const BracketCounts& counts() const { return counts_; }
  /// The keys between. @pre overflows is 0 on this rank
  [[nodiscard]] std::span<const double> keys() const { return keys_; }
  /// The range between, cut into cells, and this rank's counts of them. @pre the bracket has a between
  [[nodiscard]] BitCells cells() const;
  [[nodiscard]] std::vector<std::uint64_t> cell_counts();
  /// Keys equal to `value`, by segment; what was kept is let go. @pre value is an end of the bracket, or
  /// overflows is 0
  [[nodiscard]] std::vector<std::uint64_t> ties(KeyBits value);

 private:
  /// Consecutive kept keys of one segment.
  struct Piece {
    std::uint32_t segment = 0;
    std::uint32_t count = 0;
  };

  void count_only(std::size_t segment, std::span<const double> keys);
  void keep(std::size_t segment, std::span<const double> keys);
  void append(std::size_t segment, std::span<const double> between);
  void overflow();

  const Bracket bracket_;
  const SelectionLimits limits_;
  std::mutex mutex_;  ///< guards all below while takes run
  BracketCounts counts_;
  std::vector<std::uint64_t> low_ties_;
  std::vector<std::uint64_t> high_ties_;
  std::vector<double> keys_;
  std::vector<Piece> pieces_;
  std::vector<std::uint64_t> cell_counts_;  ///< empty: all keys between are kept
};

}  // namespace stockpot::stats
