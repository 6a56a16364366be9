#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "method/sparse_rule.hpp"
#include "stockpot/method/survey.hpp"
#include "stockpot/stats/selection.hpp"

namespace stockpot::method {

/// A scope read as one long vector: where each of its tensors begins.
class ScopePositions {
 public:
  explicit ScopePositions(const ScopeContext& scope);

  [[nodiscard]] std::uint64_t count() const { return first_.back(); }
  [[nodiscard]] std::uint64_t of(std::size_t tensor, std::uint64_t element) const {
    return first_[tensor] + element;
  }
  /// The same positions, cut where tensors and their leaves begin.
  [[nodiscard]] std::vector<ElementRange> elements_at(std::span<const stats::PositionRange> positions) const;
  /// What a selection found, as seen from one tensor: of the ties of `value` those at positions below
  /// `bound`.
  [[nodiscard]] Cut cut(double value, std::uint64_t bound, std::size_t tensor) const;

 private:
  std::vector<std::uint64_t> first_;  ///< by tensor, then the end
};

}  // namespace stockpot::method
