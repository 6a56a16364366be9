#include "bit_cells.hpp"

#include <algorithm>

namespace stockpot::stats {

BitCells::BitCells(KeyBits lowest, KeyBits highest, std::uint64_t cells)
    : lowest_(lowest), span_(highest - lowest) {
  while ((span_ >> shift_) >= cells) ++shift_;
}

Bracket BitCells::bracket(std::size_t cell) const {
  const std::uint64_t first = std::uint64_t{cell} << shift_;
  const std::uint64_t last = std::min(span_, first + ((std::uint64_t{1} << shift_) - 1));
  return {.low = lowest_ + first, .high = lowest_ + last};
}

void count_cells(const BitCells& cells, std::span<const double> keys, std::span<std::uint64_t> counts) {
  for (const double key : keys) {
    const KeyBits bits = bits_of(key);
    if (cells.contains(bits)) ++counts[cells.cell(bits)];
  }
}

CellOfRank cell_of_rank(std::span<const std::uint64_t> counts, std::uint64_t rank) {
  CellOfRank place;
  while (place.before + counts[place.cell] <= rank) place.before += counts[place.cell++];
  return place;
}

}  // namespace stockpot::stats
