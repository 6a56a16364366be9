#include "engine/leaf_reduction.hpp"

#include <algorithm>
#include <bit>

#include "stockpot/base/error.hpp"

namespace stockpot::engine {

std::uint64_t most_held_nodes(std::uint64_t leaves, int threads) {
  const auto sides = 2 * static_cast<std::uint64_t>(std::bit_width(leaves));
  return std::min(leaves, sides + static_cast<std::uint64_t>(threads));
}

LeafSums slice(const LeafSums& sums, std::uint64_t first, std::uint64_t count) {
  LeafSums part(sums.leaf_count(), count);
  for (const auto& [leaf, node] : sums.nodes()) {
    const auto begin = node.values.begin() + static_cast<std::ptrdiff_t>(first);
    if (part.add_node(node.level, leaf >> node.level, {begin, begin + static_cast<std::ptrdiff_t>(count)}) !=
        LeafSums::Fit::added) {
      throw Error(ExitCode::communication, "sums that overlap");
    }
  }
  return part;
}

std::uint64_t exchange_bytes(std::uint64_t leaves, int threads, int ranks, std::uint64_t values) {
  // What this rank packs, what all gather, and what is folded.
  const std::uint64_t gathered =
      std::min(leaves, most_held_nodes(leaves, threads) * static_cast<std::uint64_t>(ranks));
  return 3 * (gathered + 1) * values * sizeof(double);
}

}  // namespace stockpot::engine
