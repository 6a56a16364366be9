#include "stockpot/recipe/recipe.hpp"

#include <algorithm>
#include <utility>

#include "recipe/recipe_reader.hpp"
#include "stockpot/recipe/yaml_document.hpp"

namespace stockpot::recipe {

bool Recipe::has_slices() const {
  return std::any_of(modules.begin(), modules.end(), [](const Module& m) { return !m.slices.empty(); });
}

ParsedRecipe parse_recipe(std::string_view text, const Schema& schema, bool lenient) {
  ParsedRecipe parsed;
  Findings findings(lenient);
  Recipe recipe;
  try {
    const YamlDocument document = YamlDocument::parse(text);
    for (const YamlDocument::Fault& fault : document.faults()) {
      findings.add(Severity::error, fault.line, "", fault.message, fault.suggestion);
    }
    RecipeReader({&document.root(), ""}, schema, findings, recipe).read();
  } catch (const YamlError& error) {
    findings.add(Severity::error, error.line(), "", error.what());
  }
  parsed.problems = findings.take();
  if (has_errors(parsed.problems)) return parsed;
  recipe.text = text;
  recipe.digest = digest_of(text);
  parsed.recipe = std::move(recipe);
  return parsed;
}

}  // namespace stockpot::recipe
