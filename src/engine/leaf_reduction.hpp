#pragma once

#include <cstdint>

namespace stockpot::engine {

/// Most subtrees that a rank holds of so many leaves: of a run of them, and of leaves that came before their
/// neighbours.
std::uint64_t most_held_nodes(std::uint64_t leaves, int threads);

/// Bytes that bringing sums together in pieces of so many values takes on each rank.
std::uint64_t exchange_bytes(std::uint64_t leaves, int threads, int ranks, std::uint64_t values);

}  // namespace stockpot::engine
