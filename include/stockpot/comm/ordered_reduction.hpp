#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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

/// Given values [first, first + sums.size()) of the sum of all leaves.
using PieceTaker = std::function<void(std::uint64_t first, std::span<const double> sums)>;

/// Collective. The same for leaves so wide that no rank should hold their sum: its values [cuts[p], cuts[p +
/// 1]) are brought together on rank p % size alone and given to `take` there, p rising; `cuts` rises from 0
/// to the width and is the same on every rank. What `take` throws, every rank throws once all pieces are
/// through. Each rank sends every value that it holds at most once; buffers: the subtrees' values of a piece
/// for each rank, twice.
void scatter_leaves(Communicator& communicator, const LeafSums& mine, std::span<const std::uint64_t> cuts,
                    const PieceTaker& take, std::string_view what);

}  // namespace stockpot::comm
