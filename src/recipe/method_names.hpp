#pragma once

#include <string>

#include "recipe/findings.hpp"
#include "stockpot/recipe/schema.hpp"

namespace stockpot::recipe {

/// The method of that name; null when the schema has none.
const MethodSchema* find_method(const Schema& schema, const std::string& name);

/// Reports a method that the schema lacks: one of a later version, or a slip of the pen.
void report_method(const Cursor& at, const std::string& name, const Schema& schema, Findings& findings);

}  // namespace stockpot::recipe
