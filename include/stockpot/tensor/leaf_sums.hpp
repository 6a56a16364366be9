#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace stockpot {

/// Elements of a leaf, the smallest piece of a tensor whose sums have a stated order; the last leaf of a
/// tensor may be shorter.
inline constexpr std::uint64_t leaf_elements = 4096;

/// Sums of leaves over one fixed binary tree: the result's bits depend on the leaves alone, never on which
/// rank holds which.
///
/// Leaf l (0 <= l < leaf_count) is a vector of `width` doubles. Node (level, i) is the sum of nodes (level -
/// 1, 2i) and (level - 1, 2i + 1), left plus right; a right child beyond the last leaf does not exist and the
/// left one is taken as is. The root is the sum. With no leaf it is +0.

/// What one rank holds of the tree: its leaves, folded at once into the largest complete aligned subtrees.
/// Leaves may come in any order; coming in order, O(log leaf_count) nodes are kept. Local, not thread-safe.
class LeafSums {
 public:
  struct Node {
    unsigned level = 0;
    std::vector<double> values;
  };
  enum class Fit { added, beyond_last_leaf, held_already };

  /// `leaf_count` <= 2^62. Throws Error{usage} when `width` is 0.
  LeafSums(std::uint64_t leaf_count, std::uint64_t width);

  /// Adds the consecutive leaves first_leaf, first_leaf + 1, ...; `values.size()` is a multiple of `width`.
  /// Throws Error{communication} when a leaf doesn't exist or is held already.
  void add(std::uint64_t first_leaf, std::span<const double> values);
  /// The same; says why the leaves don't fit, and then holds some of them.
  [[nodiscard]] Fit try_add(std::uint64_t first_leaf, std::span<const double> values);
  /// Adds the sum of a whole subtree; says why if it doesn't fit.
  [[nodiscard]] Fit add_node(unsigned level, std::uint64_t index, std::vector<double> values);

  [[nodiscard]] std::uint64_t leaf_count() const noexcept { return leaf_count_; }
  [[nodiscard]] std::uint64_t width() const noexcept { return width_; }
  /// The subtrees held, by their first leaf.
  [[nodiscard]] const std::map<std::uint64_t, Node>& nodes() const noexcept { return nodes_; }
  /// Lowest leaf that isn't held; leaf_count() when none is missing.
  [[nodiscard]] std::uint64_t first_missing_leaf() const;
  /// The sum of all leaves. Throws Error{communication} when one is missing.
  [[nodiscard]] std::vector<double> total() const;

 private:
  std::uint64_t leaf_count_;
  std::uint64_t width_;
  unsigned root_level_;
  std::map<std::uint64_t, Node> nodes_;
};

/// Number of subtrees in which leaves [first_leaf, end_leaf) are held, as LeafSums folds them. Pure; cost:
/// O(log leaf_count).
std::uint64_t subtree_count(std::uint64_t leaf_count, std::uint64_t first_leaf, std::uint64_t end_leaf);

/// Local. The same tree over leaves that are all here.
std::vector<double> sum_leaves(std::span<const double> leaves, std::uint64_t width);

}  // namespace stockpot
