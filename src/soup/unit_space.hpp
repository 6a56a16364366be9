#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "soup/optimizer.hpp"
#include "stockpot/recipe/search.hpp"
#include "stockpot/soup/candidate.hpp"

namespace stockpot::soup {

/// A recipe's space as a unit cube with one coordinate for each entry that has a choice: ranges are stretched
/// to [0, 1], a list of n values has the cells [i / n, (i + 1) / n).
class UnitSpace {
 public:
  /// Throws Error{usage} if the space names no parameter.
  explicit UnitSpace(std::vector<recipe::SpaceEntry> space);

  [[nodiscard]] std::size_t dimensions() const { return choices_.size(); }
  /// What stands at a point. Coordinates outside of the cube count as those of its nearest face.
  [[nodiscard]] Candidate candidate(std::span<const double> point) const;
  /// How many candidates there are at most; none if there are ranges (or too many to count).
  [[nodiscard]] std::optional<std::uint64_t> count() const;

  /// The middle of ranges, and of the middle cell of lists.
  [[nodiscard]] Point middle() const;
  /// From the middle: a quarter of the edge, and to another value of a list.
  [[nodiscard]] std::vector<double> steps() const;
  /// Moves that are too small to matter: 1e-4 of a range, half a cell of a list.
  [[nodiscard]] std::vector<double> tolerances() const;

 private:
  std::vector<recipe::SpaceEntry> space_;
  std::vector<std::size_t> choices_;  ///< entries with more than one value
};

}  // namespace stockpot::soup
