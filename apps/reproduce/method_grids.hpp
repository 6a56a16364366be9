#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "training_plan.hpp"

namespace stockpot::reproduce {

/// What a method wants to know about each model's data.
enum class Statistic : std::uint8_t { none, fisher, gram };

/// One choice of hyperparameters, as a recipe's `parameters` hold them.
struct Candidate {
  std::vector<std::pair<std::string, std::string>> parameters;

  [[nodiscard]] std::string setting() const;  ///< "density=0.2 lambda=1", "" without parameters
  /// Value of a parameter. Throws std::out_of_range if it isn't set.
  [[nodiscard]] const std::string& at(const std::string& parameter) const;
};

/// A method of the study and the hyperparameters that it is tried with.
struct MethodGrid {
  std::string name;    ///< in tables
  std::string method;  ///< in recipes
  Statistic statistic = Statistic::none;
  bool base_model = false;                                            ///< the recipe names the anchor
  bool weights = false;                                               ///< each model has `weight: 1`
  std::vector<std::pair<std::string, std::string>> fixed = {};        ///< parameters of every candidate
  std::vector<Candidate> candidates = {Candidate{.parameters = {}}};  ///< at least one
};

/// The merging methods of table E3, in its order; `quick` tries fewer hyperparameters.
std::vector<MethodGrid> method_grids(Effort effort);

/// Every combination, the last parameter varying fastest.
std::vector<Candidate> combinations(
    const std::vector<std::pair<std::string, std::vector<std::string>>>& parameters);

}  // namespace stockpot::reproduce
