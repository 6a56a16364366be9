#include "method/scope_positions.hpp"

#include <algorithm>

namespace stockpot::method {

ScopePositions::ScopePositions(const ScopeContext& scope) {
  for (std::size_t t = 0; t <= scope.tensors.size(); ++t) first_.push_back(scope.first_element(t));
}

std::vector<ElementRange> ScopePositions::elements_at(std::span<const stats::PositionRange> positions) const {
  std::vector<ElementRange> ranges;
  for (const stats::PositionRange& range : positions) {
    std::uint64_t first = range.first;
    const std::uint64_t end = range.first + range.count;
    while (first < end) {
      const auto after = std::upper_bound(first_.begin(), first_.end(), first);
      const auto tensor = static_cast<std::size_t>(after - first_.begin()) - 1;
      const std::uint64_t within = first - first_[tensor];
      const std::uint64_t leaf_end = first + leaf_elements - within % leaf_elements;
      const std::uint64_t stop = std::min({end, leaf_end, first_[tensor + 1]});
      ranges.push_back({tensor, within, stop - first});
      first = stop;
    }
  }
  return ranges;
}

Cut ScopePositions::cut(double value, std::uint64_t bound, std::size_t tensor) const {
  return {value, bound > first_[tensor] ? bound - first_[tensor] : 0};
}

}  // namespace stockpot::method
