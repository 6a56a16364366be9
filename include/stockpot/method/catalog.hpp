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

/// nullptr if there is none of that name. Soups that need a search have the method of the uniform soup: the
/// mean of the models that they are given.
const Method* find_method(std::string_view name);

/// The method of a checked recipe, as its `sparsify:` has it see the models.
std::shared_ptr<const Method> method_of(const recipe::Recipe& recipe);

/// Throws Error{usage} about `file` where only a search tells what the recipe merges, or with which
/// parameters.
void require_mergeable(const recipe::Recipe& recipe, const std::string& file = {});

/// The catalog as the recipe grammar needs it, with the soups that need a search.
const recipe::Schema& schema();

/// The README's method table (Markdown), generated from the schema; `stockpot merge --methods` prints it.
std::string method_table();

}  // namespace stockpot::method
