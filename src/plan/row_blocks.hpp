#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stockpot/recipe/recipe.hpp"

namespace stockpot::plan {

/// Rows [first, end) of a tensor of the vocabulary, and which of its sources have them.
struct HeldRows {
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  std::vector<std::size_t> holders;  ///< ascending indices of sources; all that are longer than `first`

  friend bool operator==(const HeldRows&, const HeldRows&) = default;
};

/// Cuts a tensor whose sources have `row_counts` rows where sources end. `common`: the one block that all
/// have. `pad`: every row, in ascending order; each block has rows unless the tensor has none. @pre
/// row_counts is not empty, policy is not `error`
std::vector<HeldRows> cut_rows(const std::vector<std::uint64_t>& row_counts, recipe::VocabularyPolicy policy);

}  // namespace stockpot::plan
