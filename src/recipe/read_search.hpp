#pragma once

#include <optional>
#include <set>
#include <string>

#include "recipe/parse_context.hpp"
#include "stockpot/recipe/search.hpp"

namespace stockpot::recipe {

/// `search:` of a recipe; soups have one without writing it. None where there is none, or its strategy isn't
/// known. Checks it against the method.
std::optional<Search> read_search(MappingReader& recipe, const ParseContext& context);

/// The parameters that its space sets for every tensor of every model of the recipe at `root`.
std::set<std::string> searched_parameters(const Search& search, const Cursor& root);

/// `evaluate:` of a recipe; none if it isn't there, or has no program or probe.
std::optional<Evaluate> read_evaluate(MappingReader& recipe, Findings& findings);

/// What the whole of a recipe must have for its search.
void check_search(const Cursor& root, const Recipe& recipe, const ParseContext& context);

}  // namespace stockpot::recipe
