#include "stockpot/stats/row_ranks.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace stockpot::stats {

void RowRanks::rank(std::span<const double> magnitudes, std::span<std::uint32_t> ranks) {
  const std::size_t count = magnitudes.size();
  if (count != ranks.size() || count > std::numeric_limits<std::uint32_t>::max()) {
    throw std::invalid_argument("row ranks: as many ranks as magnitudes, fewer than 2^32");
  }
  if (count == 0) return;
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  keys_.resize(count);
  for (std::size_t e = 0; e < count; ++e) {
    const double magnitude = std::abs(magnitudes[e]);
    keys_[e] = std::bit_cast<std::uint64_t>(magnitude == magnitude ? magnitude : not_a_number);
  }
  choose_cells();
  for (const std::uint64_t key : keys_) ++ends_[cell_of(key)];
  for (std::size_t cell = 1; cell < ends_.size(); ++cell) ends_[cell] += ends_[cell - 1];
  // Filling from the ends makes begins of the ends.
  order_.resize(count);
  for (std::size_t e = 0; e < count; ++e) {
    order_[--ends_[cell_of(keys_[e])]] = static_cast<std::uint32_t>(e);
  }
  const auto before = [this](std::uint32_t a, std::uint32_t b) {
    return keys_[a] != keys_[b] ? keys_[a] < keys_[b] : a > b;
  };
  for (std::size_t cell = 0; cell < ends_.size(); ++cell) {
    const auto begin = order_.begin() + static_cast<std::ptrdiff_t>(ends_[cell]);
    const auto end = cell + 1 < ends_.size() ? order_.begin() + static_cast<std::ptrdiff_t>(ends_[cell + 1])
                                             : order_.end();
    if (!std::is_sorted(begin, end, before)) std::sort(begin, end, before);
  }
  for (std::size_t place = 0; place < count; ++place) {
    ranks[order_[place]] = static_cast<std::uint32_t>(place);
  }
}

void RowRanks::choose_cells() {
  // Cells of equal width in bits are cells of equal ratio. What is 2^24 times smaller than the largest is
  // rare, zeros aside, and would make the others wide.
  constexpr std::uint64_t octave = std::uint64_t{1} << 52;
  constexpr std::uint64_t octaves = 24;
  constexpr std::size_t most_cells = 32768;  // what the second-level cache holds
  const auto [smallest, largest] = std::minmax_element(keys_.begin(), keys_.end());
  lowest_ = std::max(*smallest, *largest - std::min(*largest, octaves * octave));
  const std::size_t cells = std::min(most_cells, std::bit_ceil(keys_.size()));
  const std::uint64_t width = *largest - lowest_;
  shift_ = 0;
  while ((width >> shift_) >= cells) ++shift_;
  ends_.assign(static_cast<std::size_t>(width >> shift_) + 1, 0);
}

}  // namespace stockpot::stats
