#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/row_source.hpp"
#include "engine/statistics_limits.hpp"
#include "stockpot/comm/communicator.hpp"

namespace stockpot::engine {

/// Rows that are summed into one leaf of a Gram's tree, and at once within it; both counted from row 0.
inline constexpr std::uint64_t gram_leaf_rows = 4096;
inline constexpr std::uint64_t gram_chunk_rows = 512;

/// Given rows [first, end) of X^T X, packed, on one of the ranks.
using GramSink = std::function<void(std::uint64_t first, std::uint64_t end, std::span<const double> packed)>;

/// How one rank takes a Gram: the triangle is made in panels, whose rows are summed by several threads.
struct GramPlan {
  int threads = 1;
  std::vector<std::uint64_t> cuts;  ///< 0, ..., width: each panel's first row, and the end
};
/// Panels and threads that fit; every rank must plan alike. Bits don't depend on them.
GramPlan plan_gram(const RowSource& rows, int ranks, const StatisticsLimits& limits);
/// Bytes without which no plan works: one thread, one tile of rows.
std::uint64_t least_gram_bytes(const RowSource& rows, int ranks);

/// Collective. X^T X of all rows, given to `sink` by pieces, each on one rank. Its bits depend on the rows
/// alone: leaves of `gram_leaf_rows`, each summed from its first row on, over the fixed tree. Ranks take
/// consecutive leaves and exchange packed sums of whole subtrees. What `sink` and `rows` throw, every rank
/// throws; Error{stopped} after a stop request. Cost: each panel reads the rows once.
void sum_gram(comm::Communicator& world, const RowSource& rows, const GramPlan& plan,
              const ReadOptions& options, const std::string& what, const GramSink& sink);

}  // namespace stockpot::engine
