#include "stockpot/soup/candidate.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stockpot::soup {

std::string Candidate::key() const {
  std::vector<std::uint64_t> sorted = ingredients;
  std::sort(sorted.begin(), sorted.end());
  std::string text = fmt::format("{}", fmt::join(sorted, ","));
  for (const auto& [name, value] : parameters) text += fmt::format("\n{}={:a}", name, value);
  return text;
}

std::vector<double> Candidate::coefficients(std::uint64_t models) const {
  std::vector<double> coefficients(models, 0.0);
  for (const std::uint64_t model : ingredients) {
    coefficients.at(model) = 1.0 / static_cast<double>(ingredients.size());
  }
  return coefficients;
}

}  // namespace stockpot::soup
