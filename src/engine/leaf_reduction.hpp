#pragma once

#include <cstdint>

#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::engine {

/// Most subtrees that a rank holds of so many leaves: of a run of them, and of leaves that came before their
/// neighbours.
std::uint64_t most_held_nodes(std::uint64_t leaves, int threads);

/// Values [first, first + count) of every subtree held: wide sums are exchanged in pieces.
LeafSums slice(const LeafSums& sums, std::uint64_t first, std::uint64_t count);

/// Bytes that exchanging pieces of so many values takes on each rank.
std::uint64_t exchange_bytes(std::uint64_t leaves, int threads, int ranks, std::uint64_t values);

}  // namespace stockpot::engine
