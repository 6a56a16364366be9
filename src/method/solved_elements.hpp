#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "stockpot/method/method.hpp"
#include "stockpot/stats/reducer.hpp"

namespace stockpot::method {

/// A stretch of a tensor that this rank has, and where its values stand in flat lists of doubles.
struct OwnElements {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t offset = 0;
};

/// What a survey finds for every element that this rank has of a tensor.
class SolvedElements {
 public:
  /// Stretches in any order; afterwards they stand in the tensor's.
  void set_stretches(std::vector<OwnElements> stretches);
  [[nodiscard]] const std::vector<OwnElements>& stretches() const { return stretches_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }

  /// By stretch, one after the other.
  [[nodiscard]] std::vector<double>& values() { return values_; }
  /// The apply step that stores the values, each rounded once. This object must live on.
  [[nodiscard]] std::unique_ptr<ElementPass> pass() const;

 private:
  std::vector<OwnElements> stretches_;
  std::uint64_t count_ = 0;
  std::vector<double> values_;
};

/// Collective over the ranks of a scope: flat lists of what each has, as lists of the whole tensor.
class ElementGatherer {
 public:
  ElementGatherer(const SolvedElements& own, stats::Reducer& reducer);
  /// Every rank gets all. Cost: the whole list travels to each.
  void gather(std::span<const double> own, std::span<double> whole) const;

 private:
  stats::Reducer& reducer_;
  std::vector<OwnElements> everyones_;  ///< by rank; offsets in what all ranks give, one after the other
};

}  // namespace stockpot::method
