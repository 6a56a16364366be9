// Recipes as people write them, in tests/golden/recipes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "stockpot/recipe/lookup.hpp"
#include "unit/recipe/parse_support.hpp"

namespace stockpot::recipe {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::filesystem::path folder() {
  return std::filesystem::path(__FILE__).parent_path() / ".." / ".." / "golden" / "recipes";
}

std::string read(const std::string& name) {
  std::ifstream file(folder() / name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Recipe golden(const std::string& name) {
  const ParsedRecipe parsed = test::parse(read(name));
  EXPECT_FALSE(has_errors(parsed.problems)) << name;
  if (!parsed.recipe) throw std::runtime_error(name);
  return *parsed.recipe;
}

double number(const Parameters& parameters, const std::string& name, const std::string& tensor,
              double t = 0.0) {
  return parameters.at(name).evaluate(tensor, t).value();
}

TEST(GoldenRecipes, all_are_read_without_errors) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    if (entry.path().extension() != ".yml") continue;
    ++count;
    const std::string name = entry.path().filename().string();
    const ParsedRecipe parsed = test::parse(read(name));
    EXPECT_TRUE(parsed.recipe) << name << ": " << testing::PrintToString(test::lines(parsed));
    const bool may_warn = name == "linear.yml";
    EXPECT_TRUE(may_warn || parsed.problems.empty()) << name;
  }
  EXPECT_GE(count, 14U);
}

TEST(GoldenRecipes, slerp_with_filters_and_gradients) {
  const Recipe recipe = golden("slerp_filters.yml");
  EXPECT_EQ(number(recipe.parameters, "t", "layers.3.self_attn.q_proj", 0.5), 0.3);
  EXPECT_EQ(number(recipe.parameters, "t", "layers.3.mlp.up_proj", 0.5), 0.7);
  EXPECT_EQ(number(recipe.parameters, "t", "norm", 0.5), 0.5);
  EXPECT_EQ(recipe.modules[0].slices[0].sources[1].end_layer, 40);
}

TEST(GoldenRecipes, ties) {
  const Recipe recipe = golden("ties.yml");
  ASSERT_THAT(recipe.modules[0].models, SizeIs(3));
  EXPECT_THAT(recipe.modules[0].models[0].parameters, IsEmpty());
  EXPECT_EQ(number(recipe.modules[0].models[1].parameters, "density", "x", 0.5), 0.7);
  EXPECT_EQ(number(recipe.modules[0].models[2].parameters, "weight", "mlp"), 0.5);
  EXPECT_EQ(number(recipe.parameters, "normalize", "x"), 1.0);
}

TEST(GoldenRecipes, frankenmerge) {
  const Recipe recipe = golden("frankenmerge.yml");
  std::vector<std::int64_t> lengths;
  for (const Slice& slice : recipe.modules[0].slices) {
    lengths.push_back(slice.sources[0].end_layer - slice.sources[0].first_layer);
  }
  EXPECT_THAT(lengths, ElementsAre(16, 16, 15, 0));
}

TEST(GoldenRecipes, anchors_and_merge_keys) {
  const Recipe recipe = golden("self_merge_scale.yml");
  const auto& slices = recipe.modules[0].slices;
  EXPECT_EQ(slices[2].sources[0].reference.path, "Qwen/Qwen2-7B");
  EXPECT_EQ(slices[2].sources[0].first_layer, 16);
  EXPECT_EQ(number(slices[2].sources[0].parameters, "scale", "x.down_proj.weight"), 0.0);
  EXPECT_EQ(number(slices[1].sources[0].parameters, "scale", "x.up_proj.weight"), 1.0);
  EXPECT_THAT(slices[0].sources[0].parameters, IsEmpty());
}

TEST(GoldenRecipes, yaml_1_1_numbers) {
  const Recipe recipe = golden("linear_crimes.yml");
  std::vector<double> weights;
  for (const ModelEntry& model : recipe.modules[0].models)
    weights.push_back(number(model.parameters, "weight", "x"));
  EXPECT_THAT(weights, ElementsAre(90.0, 8.0, 1000.5, 1.0, 1e-5, 3.0));
  EXPECT_EQ(number(recipe.parameters, "normalize", "x"), 0.0);
}

TEST(GoldenRecipes, adapters) {
  const Recipe recipe = golden("adapters.yml");
  const auto& models = recipe.modules[0].models;
  EXPECT_EQ(models[0].reference.adapter, "org/adapter-a");
  EXPECT_EQ(models[1].reference.text, "org/base@v1.0+org/adapter-b");
  EXPECT_EQ(models[1].name, "b");
  EXPECT_EQ(models[2].reference.revision, "v1.0");
}

TEST(GoldenRecipes, modules) {
  const Recipe recipe = golden("modules.yml");
  ASSERT_THAT(recipe.modules, SizeIs(2));
  EXPECT_EQ(recipe.modules[0].name, "text_decoder");
  EXPECT_THAT(recipe.modules[0].slices, SizeIs(1));
  EXPECT_THAT(recipe.modules[1].models, SizeIs(2));
  EXPECT_EQ(number(recipe.modules[1].parameters, "weight", "x"), 2.0);
}

TEST(GoldenRecipes, examples) {
  const Recipe recipe = golden("federated.yml");
  EXPECT_EQ(recipe.modules[0].models[0].examples, 12000.0);
  EXPECT_EQ(recipe.modules[0].models[2].examples, 16.0);
}

TEST(GoldenRecipes, name_rules) {
  const Recipe recipe = golden("renamed_tensors.yml");
  ASSERT_THAT(recipe.names, SizeIs(3));
  EXPECT_THAT(recipe.names[1].to, SizeIs(3));
  EXPECT_EQ(recipe.names[1].dim, 1U);
  EXPECT_THAT(recipe.names[1].sizes, ElementsAre(64U, 16U, 16U));
  EXPECT_EQ(recipe.names[1].model, "gpt");
  EXPECT_THAT(recipe.names[2].from, ElementsAre("(.*)\\.w1", "(.*)\\.w3"));
  EXPECT_EQ(recipe.names[2].model, std::nullopt);
  EXPECT_THAT(recipe.exclude, ElementsAre("lm_head"));
}

}  // namespace
}  // namespace stockpot::recipe
