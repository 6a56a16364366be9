#include "soup/variants.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "stockpot/base/error.hpp"
#include "stockpot/method/catalog.hpp"
#include "stockpot/recipe/lookup.hpp"

namespace stockpot::soup {
namespace {

recipe::Recipe recipe_of(const std::string& text) {
  recipe::ParsedRecipe parsed = recipe::parse_recipe(text, method::schema(), false);
  for (const recipe::Problem& problem : parsed.problems) ADD_FAILURE() << to_string(problem);
  return std::move(parsed.recipe.value());
}

const std::string evaluate = "evaluate: {command: [score]}\n";

const std::string arithmetic =
    "merge_method: task_arithmetic\nbase_model: base\nparameters: {lambda: 0.5, weight: 0.25}\n"
    "models:\n  - {model: a, parameters: {weight: [0.1, 0.3]}}\n  - {model: b}\n" +
    evaluate;

/// Value of a parameter of model `source` (none: a global one) for a tensor in the middle of the model.
double value_of(const engine::Variant& variant, const std::string& parameter,
                std::optional<std::size_t> source, const std::string& tensor) {
  for (const recipe::ParameterSpec& spec : variant.method->schema().parameters) {
    if (spec.name != parameter) continue;
    const recipe::Place place{variant.recipe, variant.recipe.modules.front(), nullptr, source};
    return recipe::lookup(place, spec, tensor, 0.5).value();
  }
  throw std::invalid_argument(parameter);
}

TEST(Variants, OfIngredientsAreTheirMeansInTheOrderOfTheRecipe) {
  const Variants variants(
      recipe_of("merge_method: greedy_soup\nmodels: [{model: a}, {model: b}, {model: c}]\n" + evaluate));
  EXPECT_EQ(variants.models(), 3U);
  const engine::Variant variant = variants.of({{2, 0}, {}});
  std::vector<std::string> names;
  for (const recipe::ModelEntry& entry : variant.recipe.modules.front().models) names.push_back(entry.name);
  EXPECT_THAT(names, testing::ElementsAre("a", "c"));
  EXPECT_EQ(variant.recipe.method, "greedy_soup");
  EXPECT_EQ(variant.method->schema().name, "uniform_soup");
  EXPECT_EQ(variants.widest().recipe.modules.front().models.size(), 3U);
}

TEST(Variants, SetGlobalParameters) {
  const Variants variants(recipe_of(arithmetic + "search: {strategy: grid, space: {lambda: [0, 2]}}\n"));
  const engine::Variant variant = variants.of({{}, {{"lambda", 2.0}}});
  EXPECT_EQ(value_of(variant, "lambda", std::nullopt, "x"), 2.0);
  EXPECT_EQ(value_of(variant, "weight", 0, "x"), 0.2);
  EXPECT_EQ(value_of(variant, "weight", 1, "x"), 0.25);
}

TEST(Variants, SetParametersOfOneModelOrAll) {
  const Variants variants(
      recipe_of(arithmetic + "search: {strategy: grid, space: {weight: [0, 2], weight@1: [3, 4]}}\n"));
  const engine::Variant all = variants.of({{}, {{"weight", 2.0}}});
  EXPECT_EQ(value_of(all, "weight", 0, "x"), 2.0);
  EXPECT_EQ(value_of(all, "weight", 1, "x"), 2.0);
  const engine::Variant both = variants.of({{}, {{"weight", 2.0}, {"weight@1", 4.0}}});
  EXPECT_EQ(value_of(both, "weight", 0, "x"), 2.0);
  EXPECT_EQ(value_of(both, "weight", 1, "x"), 4.0);
}

TEST(Variants, SetParametersOfSomeTensorsBeforeAnythingElse) {
  const Variants variants(
      recipe_of(arithmetic +
                "search: {strategy: grid, space: {weight: [0, 2], weight~mlp: [5, 6], lambda~mlp: [7]}}\n"));
  const engine::Variant variant =
      variants.of({{}, {{"weight", 2.0}, {"weight~mlp", 6.0}, {"lambda~mlp", 7.0}}});
  EXPECT_EQ(value_of(variant, "weight", 0, "layers.0.mlp"), 6.0);
  EXPECT_EQ(value_of(variant, "weight", 1, "layers.0.attention"), 2.0);
  EXPECT_EQ(value_of(variant, "lambda", std::nullopt, "layers.0.mlp"), 7.0);
  EXPECT_EQ(value_of(variant, "lambda", std::nullopt, "layers.0.attention"), 0.5);
}

TEST(Variants, NeedAPlainListOfModels) {
  recipe::Recipe sliced;
  sliced.modules.emplace_back().slices.emplace_back();
  EXPECT_THROW(Variants{sliced}, Error);
  recipe::Recipe parts;
  parts.modules.resize(2);
  EXPECT_THROW(Variants{parts}, Error);
}

}  // namespace
}  // namespace stockpot::soup
