#include "tie_search.hpp"

#include <algorithm>

#include "bit_cells.hpp"

namespace stockpot::stats {

TieSearch::TieSearch(double value, PositionRange range, std::uint64_t index, std::uint64_t most_cells)
    : value_(value), range_(range), index_(index), most_cells_(most_cells) {
  divide();
}

void TieSearch::divide() {
  cell_elements_ = (range_.count - 1) / most_cells_ + 1;
  counts_.assign(done() ? 0 : (range_.count - 1) / cell_elements_ + 1, 0);
}

void TieSearch::take(std::uint64_t first_position, std::span<const double> keys) {
  const std::uint64_t first = std::max(first_position, range_.first);
  const std::uint64_t end = std::min(first_position + keys.size(), range_.first + range_.count);
  const std::lock_guard lock(mutex_);
  for (std::uint64_t position = first; position < end; ++position) {
    if (keys[position - first_position] == value_) ++counts_[(position - range_.first) / cell_elements_];
  }
}

void TieSearch::enter(std::span<const std::uint64_t> counts) {
  const CellOfRank place = cell_of_rank(counts, index_);
  index_ -= place.before;
  const std::uint64_t offset = place.cell * cell_elements_;
  range_ = {.first = range_.first + offset, .count = std::min(cell_elements_, range_.count - offset)};
  divide();
}

std::vector<PositionRange> disjoint_pieces(std::vector<PositionRange> ranges, std::uint64_t longest) {
  std::sort(ranges.begin(), ranges.end(),
            [](const PositionRange& a, const PositionRange& b) { return a.first < b.first; });
  std::vector<PositionRange> pieces;
  std::uint64_t position = 0;
  for (const PositionRange& range : ranges) {
    const std::uint64_t end = range.first + range.count;
    position = std::max(position, range.first);
    while (position < end) {
      pieces.push_back({.first = position, .count = std::min(longest, end - position)});
      position += pieces.back().count;
    }
  }
  return pieces;
}

}  // namespace stockpot::stats
