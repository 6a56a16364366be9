#include "stockpot/tensor/leaf_sums.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "stockpot/base/error.hpp"

namespace stockpot {
namespace {

constexpr std::uint64_t most_leaves = std::uint64_t{1} << 62;

/// Level of the root of a tree of `leaf_count` leaves.
unsigned root_level(std::uint64_t leaf_count) {
  return leaf_count <= 1 ? 0U : static_cast<unsigned>(std::bit_width(leaf_count - 1));
}

}  // namespace

LeafSums::LeafSums(std::uint64_t leaf_count, std::uint64_t width)
    : leaf_count_(leaf_count), width_(width), root_level_(root_level(leaf_count)) {
  if (width == 0) throw Error(ExitCode::usage, "a leaf needs at least one value");
  if (leaf_count > most_leaves)
    throw Error(ExitCode::usage, fmt::format("{} leaves are too many", leaf_count));
}

LeafSums::Fit LeafSums::add_node(unsigned level, std::uint64_t index, std::vector<double> values) {
  if (level > root_level_ || leaf_count_ == 0 || index > (leaf_count_ - 1) >> level) {
    return Fit::beyond_last_leaf;
  }
  const std::uint64_t first_leaf = index << level;
  const std::uint64_t end_leaf = first_leaf + (std::uint64_t{1} << level);
  auto next = nodes_.lower_bound(first_leaf);
  if (next != nodes_.end() && next->first < end_leaf) return Fit::held_already;
  if (next != nodes_.begin()) {
    const auto& [previous_leaf, previous] = *std::prev(next);
    if (previous_leaf + (std::uint64_t{1} << previous.level) > first_leaf) return Fit::held_already;
  }

  for (; level < root_level_; ++level, index /= 2) {
    const std::uint64_t sibling_leaf = (index ^ 1) << level;
    if (sibling_leaf >= leaf_count_) continue;  // no right sibling: the parent is this node
    const auto sibling = nodes_.find(sibling_leaf);
    if (sibling == nodes_.end() || sibling->second.level != level) break;
    const std::vector<double>& other = sibling->second.values;
    const bool is_right = index % 2 == 1;
    for (std::uint64_t i = 0; i < width_; ++i) {
      values[i] = is_right ? other[i] + values[i] : values[i] + other[i];
    }
    nodes_.erase(sibling);
  }
  nodes_.emplace(index << level, Node{level, std::move(values)});
  return Fit::added;
}

// Folds on a stack of (level, index) with the values beside it; what remains is a list of subtrees that no
// neighbour in the run completes.
LeafSums::Fit LeafSums::try_add(std::uint64_t first_leaf, std::span<const double> values) {
  const std::uint64_t run_leaves = values.size() / width_;
  if (run_leaves > leaf_count_ || first_leaf > leaf_count_ - run_leaves) return Fit::beyond_last_leaf;

  std::vector<std::pair<unsigned, std::uint64_t>> stack;
  std::vector<double> sums;
  for (std::uint64_t leaf = 0; leaf < run_leaves; ++leaf) {
    const auto leaf_values = values.subspan(leaf * width_, width_);
    sums.insert(sums.end(), leaf_values.begin(), leaf_values.end());
    unsigned level = 0;
    std::uint64_t index = first_leaf + leaf;
    for (; level < root_level_; ++level, index /= 2) {
      if (((index ^ 1) << level) >= leaf_count_) continue;
      if (index % 2 == 0 || stack.empty() || stack.back() != std::pair(level, index - 1)) break;
      const auto right = sums.end() - static_cast<std::ptrdiff_t>(width_);
      const auto left = right - static_cast<std::ptrdiff_t>(width_);
      for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(width_); ++i) left[i] += right[i];
      sums.erase(right, sums.end());
      stack.pop_back();
    }
    stack.emplace_back(level, index);
  }

  std::span<const double> rest(sums);
  for (const auto& [level, index] : stack) {
    const Fit fit =
        add_node(level, index, {rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(width_)});
    if (fit != Fit::added) return fit;
    rest = rest.subspan(width_);
  }
  return Fit::added;
}

void LeafSums::add(std::uint64_t first_leaf, std::span<const double> values) {
  const Fit fit = values.size() % width_ == 0 ? try_add(first_leaf, values) : Fit::beyond_last_leaf;
  if (fit == Fit::added) return;
  throw Error(
      ExitCode::communication,
      fmt::format("{} values at leaf {} of {} leaves of {} values: {}", values.size(), first_leaf,
                  leaf_count_, width_,
                  fit == Fit::held_already ? "one of the leaves is there already" : "they do not fit"));
}

std::uint64_t LeafSums::first_missing_leaf() const {
  std::uint64_t expected = 0;
  for (const auto& [first_leaf, node] : nodes_) {
    if (first_leaf != expected) return expected;
    expected = first_leaf + (std::uint64_t{1} << node.level);
  }
  return expected < leaf_count_ ? expected : leaf_count_;
}

std::vector<double> LeafSums::total() const {
  const std::uint64_t missing = first_missing_leaf();
  if (missing != leaf_count_) {
    throw Error(ExitCode::communication, fmt::format("leaf {} of {} is missing", missing, leaf_count_));
  }
  return nodes_.empty() ? std::vector<double>(width_, 0.0) : nodes_.begin()->second.values;
}

std::uint64_t subtree_count(std::uint64_t leaf_count, std::uint64_t first_leaf, std::uint64_t end_leaf) {
  // Children beyond the last leaf don't exist, so the last subtree may be as large as they'd make it.
  const std::uint64_t whole_end = end_leaf == leaf_count ? std::bit_ceil(leaf_count) : end_leaf;
  std::uint64_t count = 0;
  while (first_leaf < end_leaf) {
    const std::uint64_t left = std::bit_floor(whole_end - first_leaf);
    const std::uint64_t aligned = first_leaf == 0 ? left : first_leaf & (~first_leaf + 1);
    first_leaf += std::min(left, aligned);
    ++count;
  }
  return count;
}

std::vector<double> sum_leaves(std::span<const double> leaves, std::uint64_t width) {
  LeafSums sum(width == 0 ? 0 : leaves.size() / width, width);
  sum.add(0, leaves);
  return sum.total();
}

}  // namespace stockpot
