// What a recipe without problems turns into, production by production.
#include "stockpot/recipe/recipe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "unit/recipe/parse_support.hpp"

namespace stockpot::recipe {
namespace {

using test::good;
using test::problems;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

double value_of(const Parameters& parameters, const std::string& name, double t = 0.0) {
  return parameters.at(name).evaluate("any", t).value();
}

TEST(Recipe, smallest) {
  const std::string text = "merge_method: uniform_soup\nmodels: [{model: a}]\n";
  const Recipe recipe = good(text);
  EXPECT_EQ(recipe.method, "uniform_soup");
  EXPECT_EQ(recipe.text, text);
  EXPECT_EQ(recipe.digest, digest_of(text));
  ASSERT_EQ(recipe.modules.size(), 1U);
  EXPECT_EQ(recipe.modules[0].name, "");
  ASSERT_EQ(recipe.modules[0].models.size(), 1U);
  EXPECT_EQ(recipe.modules[0].models[0].reference.path, "a");
  EXPECT_EQ(recipe.modules[0].models[0].name, "a");
  EXPECT_FALSE(recipe.has_slices());
  EXPECT_EQ(recipe.semantics, Semantics::mergekit);
  EXPECT_EQ(recipe.scope, std::nullopt);
  EXPECT_EQ(recipe.out_dtype, std::nullopt);
}

TEST(Recipe, numbers_in_every_form) {
  const Recipe recipe = good(R"(
merge_method: linear
models:
  - {model: a, parameters: {weight: 1}}
  - {model: b, parameters: {weight: yes}}
  - {model: c, parameters: {weight: '1e-5'}}
  - {model: d, parameters: {weight: 1e-5}}
  - {model: e, parameters: {weight: [0, 0.5, "1"]}}
  - {model: f, parameters: {weight: [{filter: x, value: 7}, {filter: ~, value: [2, 4]}]}}
)");
  const auto& models = recipe.modules[0].models;
  EXPECT_EQ(value_of(models[0].parameters, "weight"), 1.0);
  EXPECT_EQ(value_of(models[1].parameters, "weight"), 1.0);
  EXPECT_EQ(value_of(models[2].parameters, "weight"), 1e-5);
  EXPECT_EQ(value_of(models[3].parameters, "weight"), 1e-5);
  EXPECT_EQ(value_of(models[4].parameters, "weight", 0.75), 0.75);
  EXPECT_EQ(value_of(models[5].parameters, "weight", 0.5), 3.0);
  EXPECT_EQ(models[5].parameters.at("weight").evaluate("xyz", 0.5), 7.0);
}

TEST(Recipe, model_as_a_mapping) {
  const Recipe recipe = good(R"(
merge_method: uniform_soup
models:
  - model: {model: {path: ./a+b@c, revision: r}, lora: {path: l}}
  - model: {model: x@y, lora: l@m}
)");
  const ModelReference& literal = recipe.modules[0].models[0].reference;
  EXPECT_EQ(literal.path, "./a+b@c");
  EXPECT_EQ(literal.revision, "r");
  EXPECT_EQ(literal.adapter, "l");
  EXPECT_EQ(recipe.modules[0].models[1].name, "x@y+l@m");
}

TEST(Recipe, equal_models_with_distinct_names) {
  const Recipe recipe =
      good("merge_method: uniform_soup\nmodels: [{model: a, name: x}, {model: a, name: y}, {model: a}]");
  EXPECT_EQ(recipe.modules[0].models[1].name, "y");
}

TEST(Recipe, slices) {
  const Recipe recipe = good(R"(
merge_method: linear
base_model: a
slices:
  - sources:
      - {model: a, layer_range: [0, 2], parameters: {weight: 0.5}}
      - {model: b, layer_range: [4, 6]}
    parameters: {weight: 2, normalize: false}
    base_model: b
  - sources: [{model: b, layer_range: ["6", 6.0], name: tail}]
    parameters: {weight: 1}
)");
  EXPECT_TRUE(recipe.has_slices());
  const Slice& slice = recipe.modules[0].slices[0];
  EXPECT_EQ(slice.sources[1].first_layer, 4);
  EXPECT_EQ(slice.sources[1].end_layer, 6);
  EXPECT_EQ(slice.base_model->path, "b");
  EXPECT_EQ(value_of(slice.parameters, "normalize"), 0.0);
  EXPECT_EQ(recipe.modules[0].slices[1].sources[0].name, "tail");
}

TEST(Recipe, sparsify) {
  const std::string head =
      "merge_method: linear\nbase_model: b\nparameters: {weight: 1}\nmodels: [{model: m}]\n";
  EXPECT_FALSE(good(head).sparsify);
  const Sparsify dare = good(head + "sparsify: {method: dare, drop: 0.75}").sparsify.value();
  EXPECT_EQ(dare, (Sparsify{Sparsify::Method::dare, 0.25, true, std::nullopt}));
  const Sparsify raw =
      good(head + "sparsify: {drop: 0, method: dare, rescale: false, scope: layer}").sparsify.value();
  EXPECT_EQ(raw, (Sparsify{Sparsify::Method::dare, 1.0, false, Scope::layer}));
  const Sparsify ties = good(head + "sparsify: {method: ties, density: 0.2, scope: model}").sparsify.value();
  EXPECT_EQ(ties.method, Sparsify::Method::ties);
  EXPECT_EQ(ties.density, 0.2);
  EXPECT_EQ(ties.scope, Scope::model);
}

TEST(Recipe, words_and_texts) {
  const Recipe recipe = good(R"(
merge_method: ties
base_model: b
models: [{model: m, parameters: {weight: 1}}]
parameters: {sign: count}
dtype: float32
out_dtype: bfloat16
semantics: paper
scope: model
include: layers
exclude: [a, 'b$']
keep_from: b
tokenizer_source: m
chat_template: "{{ x }}"
vocabulary: pad
mask: none
slices:
modules:
)");
  EXPECT_EQ(recipe.parameters.at("sign").text(), "count");
  EXPECT_EQ(recipe.dtype, DType::f32);
  EXPECT_EQ(recipe.out_dtype, DType::bf16);
  EXPECT_EQ(recipe.semantics, Semantics::paper);
  EXPECT_EQ(recipe.scope, Scope::model);
  EXPECT_THAT(recipe.include, ElementsAre("layers"));
  EXPECT_THAT(recipe.exclude, ElementsAre("a", "b$"));
  EXPECT_EQ(recipe.keep_from, "b");
  EXPECT_EQ(recipe.vocabulary, VocabularyPolicy::pad);
  EXPECT_EQ(recipe.tokenizer_source, "m");
  EXPECT_EQ(recipe.chat_template, "{{ x }}");
}

TEST(Recipe, every_output_type) {
  for (const char* dtype : {"bfloat16", "float16", "float32", "float64", "torch.float16", "bf16"}) {
    const Recipe recipe =
        good(std::string("merge_method: uniform_soup\nmodels: [{model: a}]\nout_dtype: ") + dtype);
    EXPECT_TRUE(recipe.out_dtype && is_output(*recipe.out_dtype)) << dtype;
  }
}

TEST(Recipe, trajectory) {
  const Recipe recipe = good(
      "merge_method: linear\nmodels: {glob: 'run/*', last: 8, every: 2, schedule: linear}\nkeep_from: run/1");
  ASSERT_TRUE(recipe.modules[0].trajectory);
  EXPECT_EQ(recipe.modules[0].trajectory->glob, "run/*");
  EXPECT_EQ(recipe.modules[0].trajectory->last, 8U);
  EXPECT_EQ(recipe.modules[0].trajectory->every, 2U);
  EXPECT_EQ(recipe.modules[0].trajectory->schedule, Schedule::linear);
}

TEST(Recipe, base_needs_no_parameters) {
  good(
      "merge_method: task_arithmetic\nbase_model: a\nmodels: [{model: a}, {model: b, parameters: {weight: "
      "1}}]");
  good("merge_method: nuslerp\nbase_model: a\nmodels: [{model: a}, {model: b}]\nparameters: {weight: 1}");
  good("merge_method: nuslerp\nbase_model: a\nmodels: [{model: b, parameters: {weight: 1}}]");
  good("merge_method: slerp\nbase_model: a\nmodels: [{model: b}]\nparameters: {t: .5}");
}

TEST(Recipe, choices_of_parameters_with_a_required_value_may_stand_on_any_level) {
  good("merge_method: linear\nmodules: {m: {models: [{model: a}], parameters: {weight: 1}}}");
  good(
      "merge_method: slerp\nbase_model: a\nslices: [{sources: [{model: a, layer_range: [0, 1]}, {model: b, "
      "layer_range: [0, 1]}], parameters: {t: 1}}]");
}

TEST(Recipe, keys_without_effect_are_warnings) {
  EXPECT_THAT(
      problems(R"(
merge_method: task_arithmetic
name: stage-1
base_model: b
slices:
  - residual_weight: 0.5
    sources:
      - {model: b, layer_range: [0, 1]}
      - model: {model: a, override_architecture: LlamaForCausalLM}
        layer_range: [0, 1]
        parameters: {weight: 1, density: 0.5}
parameters: {int8_mask: true}
)"),
      ElementsAre("warning: line 3: name: 'name' has no effect",
                  "warning: line 6: slices[0].residual_weight: 'residual_weight' has no effect",
                  "warning: line 9: slices[0].sources[1].model.override_architecture: "
                  "'override_architecture' has no effect",
                  "warning: line 11: slices[0].sources[1].parameters.density: density has no effect in "
                  "task_arithmetic",
                  "warning: line 12: parameters.int8_mask: int8_mask has no effect in task_arithmetic"));
}

TEST(Recipe, conditions_that_are_never_reached_are_warnings) {
  EXPECT_THAT(problems("merge_method: passthrough\nmodels: [{model: a}]\nparameters: {scale: [{value: 1}, "
                       "{filter: x, value: 2}]}"),
              ElementsAre(HasSubstr("warning: line 3: parameters.scale[1]: never used")));
}

TEST(Recipe, lenient_reads_what_mergekit_reads) {
  const std::string text = R"(
merge_method: linear
normalize: true
models:
  - model: a
    weight: 1
    parameters: {weight: 1, normalize: 0, colour: 3}
)";
  const ParsedRecipe parsed = test::parse(text, true);
  EXPECT_TRUE(parsed.recipe);
  EXPECT_EQ(parsed.problems.size(), 4U);
  EXPECT_EQ(parsed.recipe->modules[0].models[0].parameters.size(), 1U);
  EXPECT_FALSE(test::parse(text).recipe);
  EXPECT_EQ(test::parse(text).problems.size(), 4U);
}

}  // namespace
}  // namespace stockpot::recipe
