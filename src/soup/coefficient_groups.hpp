#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "stockpot/recipe/scope.hpp"

namespace stockpot::soup {

/// Which tensors of a learned soup share coefficients.
struct CoefficientGroups {
  std::vector<std::string> names;                ///< of tensors or layers, bytewise order; or "model"
  std::map<std::string, std::size_t> of_tensor;  ///< index into `names`
};

/// Pure.
CoefficientGroups group_tensors(const std::vector<std::string>& tensors, recipe::Scope scope);

}  // namespace stockpot::soup
