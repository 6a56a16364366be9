#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace stockpot::soup {

/// A model that a search asks about: a mean of ingredients, or the recipe's method with some parameters set.
struct Candidate {
  /// Indices into `models`, in the order in which they were accepted, the tried one last. The candidate is
  /// their sum in recipe order, in double, divided by their number. Empty: `parameters` describe it.
  std::vector<std::uint64_t> ingredients;
  /// By SpaceEntry::text.
  std::map<std::string, double> parameters;

  /// Of each of `models` models in the mean of the ingredients.
  [[nodiscard]] std::vector<double> coefficients(std::uint64_t models) const;
  /// Equal for candidates that are the same model: of ingredients the order doesn't count.
  [[nodiscard]] std::string key() const;

  friend bool operator==(const Candidate&, const Candidate&) = default;
};

}  // namespace stockpot::soup
