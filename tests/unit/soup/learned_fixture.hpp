#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "soup/learned_gradient.hpp"
#include "stockpot/comm/communicator.hpp"
#include "unit/probe/probe_support.hpp"

namespace stockpot::soup::testing {

inline const probe::testing::Widths widths{5, 7, 3};
inline constexpr std::uint64_t examples = 150;  // three blocks, the last of them short

inline Mixture random_mixture(recipe::Scope scope, std::size_t models = 4) {
  std::vector<probe::Parameters> parameters;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < models; ++i) {
    parameters.push_back(probe::testing::random_parameters(widths, 20 + i));
  }
  for (const probe::NamedTensor& tensor : parameters.front()) names.push_back(tensor.name);
  return {parameters, group_tensors(names, scope)};
}

inline std::vector<std::uint64_t> all_examples() {
  std::vector<std::uint64_t> chosen(examples);
  std::iota(chosen.begin(), chosen.end(), std::uint64_t{0});
  return chosen;
}

/// Some alphas, all different, and a beta.
inline LearnedParameters some_parameters(const Mixture& mixture) {
  LearnedParameters parameters{std::vector<double>(mixture.rows() * mixture.models()), 1.3};
  for (std::size_t i = 0; i < parameters.alpha.size(); ++i) {
    parameters.alpha[i] = 0.7 * static_cast<double>(i % 5) - 0.2 * static_cast<double>(i);
  }
  return parameters;
}

}  // namespace stockpot::soup::testing
