#pragma once

#include <memory>
#include <vector>

#include "stockpot/method/method.hpp"
#include "stockpot/recipe/schema.hpp"

namespace stockpot::method {

/// The magnitude that a task vector's entry must exceed for its model to own the element: 1e-5 as in
/// mergekit's ram, 0 under `semantics: paper`.
recipe::ParameterSpec ownership_epsilon_parameter();

/// The apply step of RAM: what one model owns is added times that model's factor, what
/// several own is averaged over them.
std::unique_ptr<ElementPass> make_ownership_pass(double epsilon, std::vector<double> factors);

}  // namespace stockpot::method
