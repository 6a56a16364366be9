#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "stockpot/kernel/linear_form.hpp"

namespace stockpot::engine {

/// Leaves whose elements come in several tiles, as where methods work on rows: they wait here until they are
/// whole. Thread safe; any order of any cut.
class LeafFragments {
 public:
  /// Every input's elements of one leaf.
  using Leaf = std::vector<std::vector<std::byte>>;

  /// Adds elements [offset, offset + count) of a leaf of `elements`. Gives the leaf, and forgets it, once all
  /// have come.
  std::optional<Leaf> add(std::uint32_t tensor, std::uint64_t leaf, std::uint64_t elements,
                          std::span<const kernel::TypedInput> inputs, std::uint64_t offset,
                          std::uint64_t count);

 private:
  struct Waiting {
    Leaf data;
    std::uint64_t held = 0;
  };
  std::mutex mutex_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, Waiting> waiting_;  ///< by tensor and leaf
};

}  // namespace stockpot::engine
