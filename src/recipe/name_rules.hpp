#pragma once

#include <string>
#include <vector>

#include "recipe/findings.hpp"
#include "recipe/model_names.hpp"
#include "stockpot/recipe/recipe.hpp"

namespace stockpot::recipe {

/// One regex or a list of regexes (`include:`, `exclude:`); broken ones are reported.
std::vector<std::string> read_regexes(const Cursor& at, Findings& findings);

/// The list `names:`. `models` is what `model:` may refer to; null where that is not known before files are
/// opened.
std::vector<NameRule> read_name_rules(const Cursor& at, const ModelNames* models, Findings& findings);

}  // namespace stockpot::recipe
