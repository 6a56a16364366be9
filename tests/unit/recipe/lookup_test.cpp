#include "stockpot/recipe/lookup.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "unit/recipe/parse_support.hpp"

namespace stockpot::recipe {
namespace {

using test::good;

ParameterSpec specification(const std::string& method, const std::string& name) {
  for (const MethodSchema& candidate : test::schema()) {
    if (candidate.name != method) continue;
    for (const ParameterSpec& parameter : candidate.parameters) {
      if (parameter.name == name) return parameter;
    }
  }
  ADD_FAILURE() << "no parameter " << name;
  return {};
}

TEST(Lookup, each_level_wins_over_the_next) {
  const Recipe recipe = good(R"(
merge_method: ties
base_model: a
parameters: {density: 0.1}
modules:
  m:
    parameters: {density: [{filter: module, value: 0.2}, {filter: slice, value: 0.21}], weight: 1}
    slices:
      - parameters: {density: [{filter: slice, value: 0.3}, {filter: own, value: 0.31}]}
        sources:
          - {model: a, layer_range: [0, 1]}
          - {model: b, layer_range: [0, 1], parameters: {density: [{filter: own, value: 0.4}]}}
  other:
    models: [{model: b, parameters: {weight: 1}}]
)");
  const ParameterSpec density = specification("ties", "density");
  const Module& module = recipe.modules[0];
  const Slice* slice = &module.slices[0];
  const Place b{recipe, module, slice, 1};
  EXPECT_EQ(lookup(b, density, "own", 0.0), 0.4);
  EXPECT_EQ(lookup(b, density, "slice", 0.0), 0.3);
  EXPECT_EQ(lookup(b, density, "module", 0.0), 0.2);
  EXPECT_EQ(lookup(b, density, "x", 0.0), 0.1);
  EXPECT_EQ(lookup({recipe, module, slice, 0}, density, "own", 0.0), 0.31);
  EXPECT_EQ(lookup({recipe, module}, density, "own", 0.0), 0.1);
}

TEST(Lookup, global_parameters_never_look_at_the_source) {
  Recipe recipe = good(
      "merge_method: linear\nmodels: [{model: a, parameters: {weight: 2}}]\nparameters: {normalize: false}");
  recipe.modules[0].models[0].parameters.emplace("normalize", Setting::number(1.0));
  const Place place{recipe, recipe.modules[0], nullptr, 0};
  EXPECT_EQ(lookup(place, specification("linear", "normalize"), "x", 0.0), 0.0);
  EXPECT_EQ(lookup(place, specification("linear", "weight"), "x", 0.0), 2.0);
}

TEST(Lookup, defaults_and_missing_values) {
  const Recipe recipe = good(
      "merge_method: ties\nbase_model: a\nmodels: [{model: a}, {model: b, parameters: {weight: [{filter: "
      "mlp, value: 1}]}}]");
  const Module& module = recipe.modules[0];
  EXPECT_EQ(lookup({recipe, module, nullptr, 1}, specification("ties", "density"), "x", 0.0), 1.0);
  EXPECT_EQ(lookup({recipe, module, nullptr, 1}, specification("ties", "weight"), "attn", 0.0), std::nullopt);
  EXPECT_EQ(lookup({recipe, module, nullptr, 0}, specification("ties", "weight"), "mlp", 0.0), std::nullopt);
  EXPECT_EQ(lookup({recipe, module}, specification("passthrough", "scale"), "x", 0.0), std::nullopt);
}

TEST(Lookup, gradients_by_depth) {
  const Recipe recipe =
      good("merge_method: slerp\nbase_model: a\nmodels: [{model: b}]\nparameters: {t: [0, .5, .3, .7, 1]}");
  EXPECT_NEAR(lookup({recipe, recipe.modules[0]}, specification("slerp", "t"), "x", 7.0 / 31.0).value(),
              0.451613, 5e-7);
}

TEST(Lookup, words) {
  const std::string text =
      "merge_method: ties\nbase_model: a\nmodels: [{model: b, parameters: {weight: 1}}]\n";
  const ParameterSpec sign = specification("ties", "sign");
  const Recipe plain = good(text);
  const Recipe counted = good(text + "parameters: {sign: count}");
  EXPECT_EQ(lookup_word({plain, plain.modules[0]}, sign), "total");
  EXPECT_EQ(lookup_word({counted, counted.modules[0]}, sign), "count");
}

}  // namespace
}  // namespace stockpot::recipe
