#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stockpot/method/method.hpp"

namespace stockpot::method {

/// Coefficients of the models in recipe order, by tensor name.
using CoefficientTable = std::map<std::string, std::vector<double>>;

/// What a learned soup is: S(a_i x_i), every tensor with coefficients of its own. It merges tensors of the
/// table alone: Error{usage} naming any other, and one whose models are not as many as its coefficients.
std::shared_ptr<const Method> make_combination(CoefficientTable coefficients);

}  // namespace stockpot::method
