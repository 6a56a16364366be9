#include "selection_limits.hpp"

#include <algorithm>
#include <bit>

#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::stats {
namespace {

constexpr std::uint64_t fewest_cells = 64;
constexpr std::uint64_t most_cells = 4096;
constexpr std::uint64_t most_segments = 65536;
constexpr std::uint64_t most_sample_keys = std::uint64_t{1} << 22;
constexpr std::uint64_t word_bytes = sizeof(std::uint64_t);

std::uint64_t divide_up(std::uint64_t number, std::uint64_t divisor) {
  return number / divisor + (number % divisor == 0 ? 0 : 1);
}

}  // namespace

// Counts of cells are held twice (the cells of an overflow, a split that is reduced), counts of segments
// three times (ties at both ends of a bracket, what is reduced). What these leave goes to candidates, a
// quarter of them copied once more while the wanted one is found.
SelectionLimits::SelectionLimits(std::uint64_t elements, std::uint64_t bytes) {
  const std::uint64_t positions = std::max<std::uint64_t>(elements, 1);
  const std::uint64_t useful_cells = std::bit_ceil(std::min(positions, most_cells));
  cells = std::clamp(std::bit_floor(bytes / (8 * word_bytes)), fewest_cells,
                     std::max(useful_cells, fewest_cells));

  const std::uint64_t segment_limit = std::clamp<std::uint64_t>(bytes / (8 * word_bytes), 1, most_segments);
  segment_elements = std::max(leaf_elements, divide_up(positions, segment_limit));
  segments = divide_up(positions, segment_elements);

  const std::uint64_t fixed_bytes = word_bytes * (2 * cells + 3 * segments);
  const std::uint64_t rest_bytes = bytes - std::min(bytes, fixed_bytes);
  kept_keys = std::min(positions, rest_bytes / 25 * 16 / word_bytes);
  kept_pieces = std::min(positions, rest_bytes / 5 / word_bytes);
  searched_cells = std::clamp<std::uint64_t>(bytes / (4 * word_bytes), 64, segment_elements);
  sample_keys = std::min(most_sample_keys, rest_bytes / 2 / word_bytes);
}

std::uint64_t SelectionLimits::most_reduced_words(bool samples, bool locates_ties) const {
  constexpr std::uint64_t key_bits = 63;
  constexpr std::uint64_t most_readings = 10;
  constexpr std::uint64_t counts_of_reading = 6;
  // A key is found by splitting a range of bit patterns until one is left.
  const auto bits_of_split = static_cast<std::uint64_t>(std::bit_width(cells)) - 1;
  const std::uint64_t of_key = divide_up(key_bits, bits_of_split) * cells;
  std::uint64_t words = most_readings * (counts_of_reading + cells) + of_key + segments;
  // A sample's size, its variance, its middle and two ends.
  if (samples) words += 2 + 3 * of_key;
  if (!locates_ties) return words;
  for (std::uint64_t range = segment_elements; range > 1;) {
    const std::uint64_t cell = (range - 1) / searched_cells + 1;
    words += (range - 1) / cell + 1;
    range = cell;
  }
  return words;
}

}  // namespace stockpot::stats
