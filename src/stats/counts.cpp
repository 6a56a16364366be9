#include "stockpot/stats/counts.hpp"

#include <algorithm>

namespace stockpot::stats {

std::uint64_t kept_count(double density, std::uint64_t elements) {
  if (!(density > 0.0)) return 0;
  if (density >= 1.0) return elements;
  return std::min(elements, static_cast<std::uint64_t>(density * static_cast<double>(elements)));
}

std::uint64_t ties_kept_count(double density, std::uint64_t elements) {
  if (!(density > 0.0) || elements == 0) return 0;
  return std::max<std::uint64_t>(1, kept_count(density, elements));
}

RankRange breadcrumbs_kept_ranks(double density, double gamma, std::uint64_t elements) {
  const std::uint64_t kept = kept_count(density, elements);
  const std::uint64_t dropped_above = std::min(kept_count(gamma, elements), elements - kept);
  return {.first = elements - kept - dropped_above, .count = kept};
}

}  // namespace stockpot::stats
