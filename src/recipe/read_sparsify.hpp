#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "recipe/reader.hpp"
#include "stockpot/recipe/recipe.hpp"

namespace stockpot::recipe {

inline constexpr std::array<std::pair<std::string_view, Scope>, 3> scope_words{
    {{"tensor", Scope::tensor}, {"layer", Scope::layer}, {"model", Scope::model}}};

/// `sparsify:` of a recipe; none if it isn't there, or has an error.
std::optional<Sparsify> read_sparsify(MappingReader& recipe, bool has_base_model, Findings& findings);

}  // namespace stockpot::recipe
