#pragma once

#include <cstdint>

namespace stockpot::stats {

/// How many of `elements` a density keeps: int(density * elements) as Python computes it, the product rounded
/// to double, then truncated; 0 to `elements` whatever the density (0 for NaN).
std::uint64_t kept_count(double density, std::uint64_t elements);

/// The same for TIES, which keeps at least one entry of a tensor that has any: mergekit 0.1.5's rule. None
/// for a density that is not above 0.
std::uint64_t ties_kept_count(double density, std::uint64_t elements);

/// Ranks [first, first + count), counted from 0 in ascending order.
struct RankRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;

  friend bool operator==(const RankRange&, const RankRange&) = default;
};

/// What breadcrumbs keeps: int(density * elements) magnitudes below the int(gamma * elements) largest, which
/// are dropped, fewer of them where not so many are left below (mergekit 0.1.5).
RankRange breadcrumbs_kept_ranks(double density, double gamma, std::uint64_t elements);

}  // namespace stockpot::stats
