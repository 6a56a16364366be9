#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "stockpot/tensor/convert.hpp"

namespace stockpot::bench {

inline constexpr std::uint64_t tile_elements = std::uint64_t{1} << 15;

/// Normal numbers of the size of weights; of the fp8 types positive finite bit patterns.
inline std::vector<std::byte> random_tile(DType dtype, unsigned seed) {
  const auto element_bytes = static_cast<std::uint64_t>(bytes(dtype));
  std::vector<std::byte> tile(tile_elements * element_bytes);
  std::mt19937 generator(seed);
  std::normal_distribution<double> values(0.0, 0.02);
  for (std::uint64_t i = 0; i < tile_elements; ++i) {
    if (is_output(dtype)) {
      store_rounded(dtype, tile.data(), i, values(generator));
    } else {
      tile[i] = static_cast<std::byte>(generator() % 0x70);
    }
  }
  return tile;
}

/// The task-vector family, its keys and its selection.
void register_task_vectors();

}  // namespace stockpot::bench
