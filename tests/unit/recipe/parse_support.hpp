#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "stockpot/recipe/recipe.hpp"
#include "unit/recipe/schema_fixture.hpp"

namespace stockpot::recipe::test {

inline ParsedRecipe parse(std::string_view text, bool lenient = false) {
  return parse_recipe(text, schema(), lenient);
}

/// Problems as the lines that a user sees.
inline std::vector<std::string> lines(const ParsedRecipe& parsed) {
  std::vector<std::string> out;
  for (const Problem& problem : parsed.problems) out.push_back(to_string(problem));
  return out;
}

inline std::vector<std::string> problems(std::string_view text, bool lenient = false) {
  return lines(parse(text, lenient));
}

/// The recipe of a text that must have no problem at all.
inline Recipe good(std::string_view text) {
  ParsedRecipe parsed = parse(text);
  EXPECT_THAT(lines(parsed), testing::IsEmpty()) << text;
  if (!parsed.recipe) throw std::runtime_error("no recipe");
  return *parsed.recipe;
}

}  // namespace stockpot::recipe::test
