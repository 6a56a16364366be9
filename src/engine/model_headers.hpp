#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <vector>

#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/checkpoint/placeholders.hpp"
#include "stockpot/plan/model_set.hpp"
#include "stockpot/recipe/problem.hpp"

namespace stockpot::engine {

inline constexpr std::uint64_t largest_recipe_bytes = std::uint64_t{16} << 20;

/// Local. Locates the model as this reader sees it and reads its headers; what is tolerated goes to
/// `warnings`. Error{input} or Error{usage}.
checkpoint::Checkpoint open_model(const plan::ModelUse& use, const checkpoint::Reader& reader,
                                  std::vector<recipe::Problem>& warnings);

/// Local. Calls `work(i)` once for each i below `models`, a few at once, because headers are many small reads
/// of maybe slow file systems. What each call threw, null for success.
std::vector<std::exception_ptr> for_every_model(std::size_t models,
                                                const std::function<void(std::size_t)>& work);

}  // namespace stockpot::engine
