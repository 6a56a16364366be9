#pragma once

#include <cstdint>
#include <vector>

#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/plan/model_set.hpp"
#include "stockpot/recipe/problem.hpp"

namespace stockpot::engine {

inline constexpr std::uint64_t largest_recipe_bytes = std::uint64_t{16} << 20;

/// Local. Locates a model and reads its headers; what is tolerated goes to `warnings`. Error{input} or
/// Error{usage}.
checkpoint::Checkpoint open_model(const plan::ModelUse& use, std::vector<recipe::Problem>& warnings);

}  // namespace stockpot::engine
