#include "bit_cells.hpp"

#include <algorithm>

#include "stockpot/base/error.hpp"

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
  for (const std::uint64_t count : counts) {
    if (rank - place.before < count) return place;
    place.before += count;
    ++place.cell;
  }
  throw_keys_changed();
}

void throw_keys_changed() {
  throw Error(ExitCode::input, "keys changed between two readings of a scope");
}

}  // namespace stockpot::stats
