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

struct ProblemCase {
  std::string text;
  std::string problem;
};

/// Each text has exactly one problem, an error that contains the given words.
inline void expect_one_problem_each(const std::vector<ProblemCase>& cases) {
  using testing::AllOf, testing::ElementsAre, testing::HasSubstr, testing::StartsWith;
  for (const ProblemCase& c : cases) {
    EXPECT_THAT(problems(c.text), ElementsAre(AllOf(StartsWith("error: "), HasSubstr(c.problem)))) << c.text;
    EXPECT_FALSE(parse(c.text).recipe) << c.text;
  }
}

}  // namespace stockpot::recipe::test
