#include "soup/unit_space.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "stockpot/base/error.hpp"

namespace stockpot::soup {
namespace {

double value_at(const recipe::SpaceEntry& entry, double coordinate) {
  const double inside = std::clamp(coordinate, 0.0, 1.0);
  if (entry.values.empty()) return std::lerp(entry.low, entry.high, inside);
  const auto cell = static_cast<std::size_t>(inside * static_cast<double>(entry.values.size()));
  return entry.values[std::min(cell, entry.values.size() - 1)];
}

double cell_of(const recipe::SpaceEntry& entry) {
  return 1.0 / static_cast<double>(entry.values.size());
}

}  // namespace

UnitSpace::UnitSpace(std::vector<recipe::SpaceEntry> space) : space_(std::move(space)) {
  if (space_.empty()) throw Error(ExitCode::usage, "search: 'space' names no parameter");
  for (std::size_t i = 0; i < space_.size(); ++i) {
    if (space_[i].values.size() != 1) choices_.push_back(i);
  }
}

Candidate UnitSpace::candidate(std::span<const double> point) const {
  Candidate candidate;
  for (const recipe::SpaceEntry& entry : space_) {
    if (entry.values.size() == 1) candidate.parameters[entry.text] = entry.values.front();
  }
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    const recipe::SpaceEntry& entry = space_[choices_[i]];
    candidate.parameters[entry.text] = value_at(entry, point[i]);
  }
  return candidate;
}

std::optional<std::uint64_t> UnitSpace::count() const {
  std::uint64_t count = 1;
  for (const recipe::SpaceEntry& entry : space_) {
    if (entry.values.empty()) return std::nullopt;
    std::vector<double> values = entry.values;
    std::sort(values.begin(), values.end());
    const auto different =
        static_cast<std::uint64_t>(std::unique(values.begin(), values.end()) - values.begin());
    if (count > std::numeric_limits<std::uint64_t>::max() / different) return std::nullopt;
    count *= different;
  }
  return count;
}

Point UnitSpace::middle() const {
  Point point;
  for (const std::size_t i : choices_) {
    const std::size_t middle_cell = space_[i].values.size() / 2;
    const bool is_range = space_[i].values.empty();
    point.push_back(is_range ? 0.5 : (static_cast<double>(middle_cell) + 0.5) * cell_of(space_[i]));
  }
  return point;
}

std::vector<double> UnitSpace::steps() const {
  std::vector<double> steps;
  for (const std::size_t i : choices_) {
    // Downwards: below the middle of a list there is always another value.
    steps.push_back(space_[i].values.empty() ? 0.25 : -std::max(0.25, cell_of(space_[i])));
  }
  return steps;
}

std::vector<double> UnitSpace::tolerances() const {
  std::vector<double> tolerances;
  for (const std::size_t i : choices_) {
    tolerances.push_back(space_[i].values.empty() ? 1e-4 : 0.5 * cell_of(space_[i]));
  }
  return tolerances;
}

}  // namespace stockpot::soup
