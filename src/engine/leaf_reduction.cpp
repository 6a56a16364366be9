#include "engine/leaf_reduction.hpp"

#include <algorithm>
#include <bit>

namespace stockpot::engine {

std::uint64_t most_held_nodes(std::uint64_t leaves, int threads) {
  const auto sides = 2 * static_cast<std::uint64_t>(std::bit_width(leaves));
  return std::min(leaves, sides + static_cast<std::uint64_t>(threads));
}

std::uint64_t exchange_bytes(std::uint64_t leaves, int threads, int ranks, std::uint64_t values) {
  const auto all_ranks = static_cast<std::uint64_t>(ranks);
  const std::uint64_t held = most_held_nodes(leaves, threads);
  const std::uint64_t received = std::min(leaves, held * all_ranks);
  // Received and folded, sent to each rank, and the sum twice.
  return (2 * received + held * (all_ranks - 1) + 2) * values * sizeof(double);
}

}  // namespace stockpot::engine
