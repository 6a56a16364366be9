#pragma once

#include <algorithm>
#include <cstdint>

#include "stockpot/method/method.hpp"
#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::method {

/// Methods that work on rows look at blocks of them: the row_elements of such a method are a block, so that
/// tiles hold whole ones. A block belongs to the tile with its first element; the last one of a tensor may be
/// shorter. For sums over elements blocks are what leaves are elsewhere.

/// So many rows that blocks are no shorter than a leaf, as elements.
inline std::uint64_t block_of_rows(std::uint64_t row_length) {
  const std::uint64_t row = std::max<std::uint64_t>(1, row_length);
  return (leaf_elements + row - 1) / row * row;
}

/// Calls work(first, count) for all blocks that a tile touches, whole, in order; elements count from the
/// tensor's beginning.
template <typename Work>
void for_each_block(const Tile& tile, std::uint64_t block_elements, Work work) {
  const std::uint64_t end = tile.first + tile.count + tile.after;
  for (std::uint64_t first = tile.first - tile.before; first < end; first += block_elements) {
    work(first, std::min(block_elements, end - first));
  }
}

/// The same for the blocks that belong to the tile.
template <typename Work>
void for_each_own_block(const Tile& tile, std::uint64_t block_elements, Work work) {
  for_each_block(tile, block_elements, [&](std::uint64_t first, std::uint64_t count) {
    if (first >= tile.first && first < tile.first + tile.count) work(first, count);
  });
}

/// Blocks of a tensor.
inline std::uint64_t block_count(std::uint64_t elements, std::uint64_t block_elements) {
  return (elements + block_elements - 1) / block_elements;
}

}  // namespace stockpot::method
