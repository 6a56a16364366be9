#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::comm {

/// Consecutive leaves that one rank holds: `values` has (number of leaves) * width doubles, leaf after leaf.
struct LeafRun {
  std::uint64_t first_leaf = 0;
  std::span<const double> values;
};

/// Collective. Every leaf must be held by exactly one rank (any rank, any runs, even interleaved); every rank
/// gets the sum. Each rank folds its runs into the largest complete aligned subtrees and ships only those:
/// O(log leaf_count) nodes per run. Throws Error{communication} on every rank when a leaf is missing or held
/// twice.
std::vector<double> reduce_leaves(Communicator& communicator, std::uint64_t leaf_count, std::uint64_t width,
                                  std::span<const LeafRun> runs, std::string_view what);

/// Collective. The same for leaves that were folded as they came; leaf_count and width must agree.
std::vector<double> reduce_leaves(Communicator& communicator, const LeafSums& mine, std::string_view what);

}  // namespace stockpot::comm
