#pragma once

#include <cstdint>
#include <optional>

#include "stockpot/recipe/recipe.hpp"
#include "stockpot/stats/counts.hpp"

namespace stockpot::method {

/// The ranks of magnitudes that TIES keeps of a scope; none: all.
/// mergekit: exactly max(1, int(density n)) entries. paper (src/utils/merge_utils.py): all entries not below
/// the k-th smallest magnitude, k = n - int(n density).
inline std::optional<stats::RankRange> trimmed_ranks(double density, std::uint64_t elements,
                                                     recipe::Semantics semantics) {
  if (semantics == recipe::Semantics::mergekit) {
    if (density >= 1.0) return std::nullopt;
    const std::uint64_t kept = stats::ties_kept_count(density, elements);
    return stats::RankRange{elements - kept, kept};
  }
  if (density <= 0.0) return stats::RankRange{elements, 0};
  const std::uint64_t kept = stats::kept_count(density, elements);
  if (kept >= elements) return std::nullopt;
  // The k-th smallest, k counted from 1, is itself kept: one entry more than int(n density).
  return stats::RankRange{elements - kept - 1, kept + 1};
}

}  // namespace stockpot::method
