#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "stockpot/comm/communicator.hpp"

namespace stockpot::comm {

/// Sums of leaves over one fixed binary tree: the result's bits depend on the leaves alone, never on which
/// rank holds which.
///
/// Leaf l (0 <= l < leaf_count) is a vector of `width` doubles. Node (level, i) is the sum of nodes (level -
/// 1, 2i) and (level - 1, 2i + 1), left plus right; a right child beyond the last leaf does not exist and the
/// left one is taken as is. The root is the sum. With no leaf it is +0.

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

/// Local. The same tree over leaves that are all here.
std::vector<double> sum_leaves(std::span<const double> leaves, std::uint64_t width);

}  // namespace stockpot::comm
