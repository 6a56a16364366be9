#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "key_bits.hpp"

namespace stockpot::stats {

/// A range of bit patterns cut into at most `cells` cells of equal width, a power of two (the last may be
/// cut short): counting keys by cell finds in which one a rank lies.
class BitCells {
 public:
  /// Both ends belong to the range. @pre lowest <= highest, cells >= 2
  BitCells(KeyBits lowest, KeyBits highest, std::uint64_t cells);

  [[nodiscard]] bool contains(KeyBits bits) const { return bits - lowest_ <= span_; }
  /// @pre contains(bits)
  [[nodiscard]] std::size_t cell(KeyBits bits) const {
    return static_cast<std::size_t>((bits - lowest_) >> shift_);
  }
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(span_ >> shift_) + 1; }
  [[nodiscard]] Bracket bracket(std::size_t cell) const;

 private:
  KeyBits lowest_;
  std::uint64_t span_;
  unsigned shift_ = 0;
};

/// Adds the keys inside the range to `counts`; others are passed over.
void count_cells(const BitCells& cells, std::span<const double> keys, std::span<std::uint64_t> counts);

/// Where a rank falls among counts.
struct CellOfRank {
  std::size_t cell = 0;
  std::uint64_t before = 0;  ///< the counts of the cells before it
};
/// Throws as below where the counts are too few.
CellOfRank cell_of_rank(std::span<const std::uint64_t> counts, std::uint64_t rank);

/// What one reading found has gone in the next. Throws Error{input}.
[[noreturn]] void throw_keys_changed();

}  // namespace stockpot::stats
