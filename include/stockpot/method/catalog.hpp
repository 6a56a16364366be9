#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stockpot/method/method.hpp"
#include "stockpot/recipe/recipe.hpp"
#include "stockpot/recipe/schema.hpp"

namespace stockpot::method {

/// Every method of this build, in the order of methods.def. The objects live as long as the program.
const std::vector<const Method*>& catalog();

/// nullptr if there is none of that name.
const Method* find_method(std::string_view name);

/// The method of a checked recipe, as its `sparsify:` has it see the models.
std::shared_ptr<const Method> method_of(const recipe::Recipe& recipe);

/// The catalog as the recipe grammar needs it.
const recipe::Schema& schema();

/// The README's method table (Markdown), generated from the schema; `stockpot merge --methods` prints it.
std::string method_table();

}  // namespace stockpot::method
