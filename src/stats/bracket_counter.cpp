#include "bracket_counter.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "stockpot/kernel/selection.hpp"
#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::stats {

BracketCounter::BracketCounter(Bracket bracket, const SelectionLimits& limits)
    : bracket_(bracket), limits_(limits) {
  low_ties_.resize(limits_.segments);
  if (bracket_.is_one_value()) return;
  high_ties_.resize(limits_.segments);
  keys_.reserve(limits_.kept_keys);
  pieces_.reserve(limits_.kept_pieces);
}

void BracketCounter::take(std::uint64_t first_position, std::span<const double> keys) {
  while (!keys.empty()) {
    const std::uint64_t segment = first_position / limits_.segment_elements;
    const std::uint64_t left_in_segment = (segment + 1) * limits_.segment_elements - first_position;
    const std::uint64_t count = std::min({std::uint64_t{keys.size()}, left_in_segment, leaf_elements});
    if (bracket_.is_one_value()) {
      count_only(segment, keys.first(count));
    } else {
      keep(segment, keys.first(count));
    }
    keys = keys.subspan(count);
    first_position += count;
  }
}

void BracketCounter::count_only(std::size_t segment, std::span<const double> keys) {
  const double value = key_of(bracket_.low);
  const kernel::BracketCount count = kernel::count_bracket(keys, {.low = value, .high = value}, nullptr);
  const std::lock_guard lock(mutex_);
  counts_.seen += keys.size();
  counts_.below += count.below;
  counts_.at_low += count.inside;
  low_ties_[segment] += count.inside;
}

void BracketCounter::keep(std::size_t segment, std::span<const double> keys) {
  const double low = key_of(bracket_.low);
  const double high = key_of(bracket_.high);
  std::array<double, leaf_elements> inside;  // NOLINT: the kernel writes what is read
  const kernel::BracketCount count = kernel::count_bracket(keys, {.low = low, .high = high}, inside.data());

  std::uint64_t at_low = 0;
  std::uint64_t at_high = 0;
  std::size_t between = 0;
  for (std::size_t i = 0; i < count.inside; ++i) {
    const double key = inside[i];
    inside[between] = key;
    at_low += key == low ? 1U : 0U;
    at_high += key == high ? 1U : 0U;
    between += key != low && key != high ? 1U : 0U;
  }

  const std::lock_guard lock(mutex_);
  counts_.seen += keys.size();
  counts_.below += count.below;
  counts_.at_low += at_low;
  counts_.between += between;
  counts_.at_high += at_high;
  low_ties_[segment] += at_low;
  high_ties_[segment] += at_high;
  if (between > 0) append(segment, std::span(inside).first(between));
}

void BracketCounter::append(std::size_t segment, std::span<const double> between) {
  if (counts_.overflows == 0) {
    const bool same_segment = !pieces_.empty() && pieces_.back().segment == segment;
    const bool fits = keys_.size() + between.size() <= limits_.kept_keys &&
                      (same_segment || pieces_.size() < limits_.kept_pieces);
    if (fits) {
      if (!same_segment) pieces_.push_back({.segment = static_cast<std::uint32_t>(segment)});
      pieces_.back().count += static_cast<std::uint32_t>(between.size());
      keys_.insert(keys_.end(), between.begin(), between.end());
      return;
    }
    overflow();
  }
  count_cells(cells(), between, cell_counts_);
}

BitCells BracketCounter::cells() const {
  return BitCells(bracket_.low + 1, bracket_.high - 1, limits_.cells);
}

void BracketCounter::overflow() {
  counts_.overflows = 1;
  cell_counts_ = cell_counts();
  std::vector<double>().swap(keys_);
  std::vector<Piece>().swap(pieces_);
}

std::vector<std::uint64_t> BracketCounter::cell_counts() {
  if (!cell_counts_.empty()) return std::move(cell_counts_);
  const BitCells split = cells();
  std::vector<std::uint64_t> counts(split.size());
  count_cells(split, keys_, counts);
  return counts;
}

std::vector<std::uint64_t> BracketCounter::ties(KeyBits value) {
  if (value == bracket_.low) return std::move(low_ties_);
  if (value == bracket_.high) return std::move(high_ties_);
  std::vector<std::uint64_t> ties = std::move(low_ties_);
  std::fill(ties.begin(), ties.end(), 0);
  std::span<const double> rest(keys_);
  for (const Piece& piece : pieces_) {
    const auto keys = rest.first(piece.count);
    ties[piece.segment] += static_cast<std::uint64_t>(
        std::count_if(keys.begin(), keys.end(), [value](double key) { return bits_of(key) == value; }));
    rest = rest.subspan(piece.count);
  }
  return ties;
}

}  // namespace stockpot::stats
