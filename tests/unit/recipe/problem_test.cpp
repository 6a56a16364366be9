// What a user is told about a recipe with faults.
#include "stockpot/recipe/problem.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "unit/recipe/parse_support.hpp"

namespace stockpot::recipe {
namespace {

using test::expect_one_problem_each;
using test::problems;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// A recipe of method linear with one good model, and `more` lines.
std::string linear(const std::string& more) {
  return "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}]\n" + more;
}

/// A recipe whose only model carries `parameters`.
std::string linear_parameters(const std::string& parameters) {
  return "merge_method: linear\nmodels:\n- model: a\n  parameters: " + parameters;
}

TEST(Problem, formats_with_place_and_suggestion) {
  EXPECT_EQ(to_string({Severity::error, "line 7: models[1]", "unknown key 'wieght'", "weight"}),
            "error: line 7: models[1]: unknown key 'wieght' (did you mean 'weight'?)");
  EXPECT_EQ(to_string({Severity::warning, "", "odd", "write `a: 1`"}), "warning: odd (write `a: 1`)");
  EXPECT_EQ(to_string({Severity::warning, "x", "odd", ""}), "warning: x: odd");
}

TEST(Problems, all_at_once_in_order_of_lines) {
  EXPECT_THAT(
      problems(R"(merge_method: linear
normalise: true
models:
  - model: a
    wieght: 0.5
  - modle: b
    parameters: {weight: x}
dtype: bfloat61
scope: tensors
dtype: float32
)"),
      ElementsAre(
          "error: line 2: unknown key 'normalise' (write `parameters: {normalize: ...}`)",
          "error: line 4: models[0]: weight is missing for model 'a' (write `parameters: {weight: ...}` "
          "beside it)",
          "error: line 5: models[0]: unknown key 'wieght' (write `parameters: {weight: ...}`)",
          "error: line 6: models[1]: 'model' is missing",
          "error: line 6: models[1]: unknown key 'modle' (did you mean 'model'?)",
          "error: line 7: models[1].parameters.weight: expected a number, found 'x'",
          "error: line 8: dtype: 'bfloat61' is none of bfloat16, float16, float32, float64 (did you "
          "mean 'bfloat16'?)",
          "error: line 9: scope: 'tensors' is none of tensor, layer, model (did you mean 'tensor'?)",
          "error: line 10: key 'dtype' stands twice in one mapping"));
}

TEST(Problems, methods) {
  expect_one_problem_each(
      {{"models: [{model: a}]", "'merge_method' is missing"},
       {"merge_method: linaer\nmodels: [{model: a}]",
        "unknown method 'linaer'; available: linear, uniform_soup"},
       {"merge_method: linaer\nmodels: [{model: a}]", "(did you mean 'linear'?)"},
       {"merge_method: dare_ties\nmodels: [{model: a, parameters: {weight: 1}}]\nparameters: {sign: x}",
        "method 'dare_ties' is not available in this version; available: linear"},
       {"merge_method: [linear]\nmodels: [{model: a}]", "merge_method: expected text, found a list"}});
}

TEST(Problems, inputs) {
  expect_one_problem_each(
      {{"merge_method: linear", "one of 'models', 'slices' and 'modules' must name the inputs"},
       {"merge_method: linear\nmodels: []", "one of 'models', 'slices' and 'modules'"},
       {"merge_method: linear\nmodels:\nslices: []\nmodules: {}", "one of 'models', 'slices' and 'modules'"},
       {linear("slices: [{sources: [{model: a, layer_range: [0, 1], parameters: {weight: 1}}]}]"),
        "only one of 'models', 'slices' and 'modules' may be given"},
       {"merge_method: linear\nmodels: a", "models: expected a list, found text"},
       {"merge_method: linear\nmodels: [a]", "expected a mapping, found 'a' (write `- model: REFERENCE`)"},
       {"merge_method: linear\nmodels: {model: a}", "'models' takes a list"},
       {"just text", "expected a mapping (key: value), found text"},
       {"[a, b]", "expected a mapping (key: value), found a list"}});
}

TEST(Problems, references) {
  const std::string head = "merge_method: uniform_soup\nmodels:\n- model: ";
  expect_one_problem_each(
      {{head + "7", "expected a model reference, found a number (put the reference in quotes)"},
       {head + "yes", "found true or false"},
       {head + "~", "'model' is missing"},
       {head + "[a]", "expected a model reference, found a list"},
       {head + "a+b+c", "model reference 'a+b+c': more than one '+'"},
       {head + "a@b@c", "more than one '@' in the model"},
       {head + "''", "the path of the model is empty"},
       {head + "{model: a+b}", "an adapter stands in `lora:` here"},
       {head + "{model: {revision: a}}", "'path' is missing"},
       {head + "{model: {path: ''}}", "the path is empty"},
       {head + "{model: a, lara: b}", "unknown key 'lara' (did you mean 'lora'?)"},
       {head + "\"a\\0b\"", "a control character"},
       {head + "{model: {path: \"a\\nb\"}}", "a control character"}});
}

TEST(Problems, a_path_without_model) {
  EXPECT_THAT(
      problems("merge_method: uniform_soup\nmodels:\n- model: {path: a}"),
      ElementsAre(HasSubstr("'model' is missing"),
                  HasSubstr("unknown key 'path' (write `{model: {path: PATH, revision: REVISION}}`)")));
}

TEST(Problems, keys_of_a_model) {
  const std::string head = "merge_method: linear\nparameters: {weight: 1}\nmodels:\n- model: a\n  ";
  expect_one_problem_each(
      {{head + "weight: 0.5", "unknown key 'weight' (write `parameters: {weight: ...}`)"},
       {head + "layer_range: [0, 1]", "unknown key 'layer_range' (layer ranges stand in `slices:"},
       {head + "lora: b", "unknown key 'lora' (write `model: {model: PATH, lora: ADAPTER}`)"},
       {head + "base_model: b", "`base_model` stands at the top level"},
       {head + "examples: 5", "models[0].examples: linear takes no number of examples"},
       {head + "statistics: x.h5", "models[0].statistics: linear takes no statistics"},
       {head + "name: ''", "the name is empty"},
       {head + "name: \"a\\nb\"", "a control character in a name"},
       {head + "parameters: [weight: 1]",
        "models[0].parameters: expected a mapping (key: value), found a list"},
       {head + "parameters: {normalize: true}",
        "normalize is not a parameter of single models (write it in"}});
}

TEST(Problems, one_key_for_two_models) {
  const std::string head = "merge_method: uniform_soup\nmodels:\n";
  expect_one_problem_each(
      {{head + "- model: a\n- model: a",
        "line 4: models[1]: model 'a' is listed twice (give each entry a `name:`"},
       {head + "- {model: a, name: x}\n- {model: b, name: x}", "model 'x' is listed twice"},
       {head + "- {model: a}\n- {model: b, name: a}", "model 'a' is listed twice"},
       {head + "- model: a@r\n- model: {model: {path: a, revision: r}}", "model 'a@r' is listed twice"},
       {"merge_method: uniform_soup\nmodules: {x: {models: [{model: a, name: n}]}, y: {models: [{model: b, "
        "name: n}]}}",
        "the name 'n' already stands for another model"}});
}

TEST(Problems, settings) {
  expect_one_problem_each(
      {{linear_parameters("{weight: }"), "models[0].parameters.weight: has no value"},
       {linear_parameters("{weight: abc}"), "expected a number, found 'abc'"},
       {linear_parameters("{weight: 2024-01-01}"), "expected a number"},
       {linear_parameters("{weight: .inf}"), "expected a finite number, found '.inf'"},
       {linear_parameters("{weight: '1e999'}"), "expected a finite number"},
       {linear_parameters("{weight: []}"), "an empty list has no value"},
       {linear_parameters("{weight: [1, ~]}"), "weight[1]: expected a number, found nothing"},
       {linear_parameters("{weight: [1, [2]]}"), "expected a number, found a list"},
       {linear_parameters("{weight: [1, {value: 2}]}"), "numbers only or conditions only"},
       {linear_parameters("{weight: {value: 2}}"), "a condition must be an entry of a list"},
       {linear_parameters("{weight: [{filter: x}]}"), "'value' is missing"},
       {linear_parameters("{weight: [{filter: x, value: }]}"), "'value' is missing"},
       {linear_parameters("{weight: [{filter: x, value: []}]}"), "an empty list"},
       {linear_parameters("{weight: [{filter: [x], value: 1}]}"), "filter: expected text, found a list"},
       {linear_parameters("{weight: [{fliter: x, value: 1}]}"),
        "unknown key 'fliter' (did you mean 'filter'?)"},
       {linear_parameters("{weight: 1, weigth: 1}"),
        "linear has no parameter 'weigth' (did you mean 'weight'?)"},
       {linear("parameters: {normalize: 0.5}"), "normalize is true or false, not 0.5"},
       {"merge_method: slerp\nbase_model: a\nmodels: [{model: b}]\nparameters: {t: [0, 1.5]}",
        "t must be at most 1, not 1.5"},
       {"merge_method: slerp\nbase_model: a\nmodels: [{model: b}]\nparameters: {t: -1}",
        "t must be at least 0, not -1"},
       {"merge_method: ties\nbase_model: a\nmodels: [{model: b}]\nparameters: {weight: 1, sign: totl}",
        "'totl' is none of total, count (did you mean 'total'?)"}});
}

TEST(Problems, required_parameters) {
  expect_one_problem_each(
      {{"merge_method: linear\nmodels:\n- model: a\n- {model: b, parameters: {weight: 1}}",
        "line 3: models[0]: weight is missing for model 'a'"},
       {"merge_method: linear\nbase_model: a\nmodels: [{model: a}]", "weight is missing for model 'a'"},
       {"merge_method: slerp\nbase_model: a\nmodels: [{model: b}]", "slerp needs the parameter t"},
       {"merge_method: task_arithmetic\nmodels: [{model: b}, {model: c}]\nparameters: {weight: 1}",
        "task_arithmetic needs a base_model"},
       {"merge_method: weighted\nmodels: [{model: b}]", "examples is missing for model 'b'"},
       {"merge_method: weighted\nmodels: [{model: b, examples: 0}]", "must be positive"},
       {"merge_method: weighted\nmodels: [{model: b, examples: many}]", "expected a number, found 'many'"},
       {"merge_method: fisher\nmodels: [{model: b}]", "statistics is missing for model 'b'"},
       {"merge_method: fisher\nmodels: [{model: b, statistics: ''}]", "the path is empty"}});
}

TEST(Problems, numbers_of_models) {
  expect_one_problem_each(
      {{"merge_method: slerp\nbase_model: a\nmodels: [{model: b}, {model: c}]\nparameters: {t: 1}",
        "slerp takes exactly 2 models, not 3 (the base_model included)"},
       {"merge_method: task_arithmetic\nbase_model: a\nmodels: [{model: a}]",
        "takes at least 2 models, not 1"},
       {"merge_method: passthrough\nmodels: [{model: a}, {model: b}]",
        "passthrough takes exactly 1 model, not 2"},
       {"merge_method: nuslerp\nmodels: [{model: a}]\nparameters: {weight: 1}",
        "nuslerp takes 2 to 3 models, not 1"},
       {"merge_method: passthrough\nslices: [{sources: [{model: a, layer_range: [0, 1]}, {model: b, "
        "layer_range: [0, 1]}]}]",
        "line 2: slices[0].sources: passthrough takes exactly 1 model, not 2"}});
}

TEST(Problems, slices) {
  const auto ranges = [](const std::string& a, const std::string& b) {
    return "merge_method: uniform_soup\nslices:\n- sources:\n  - {model: a, layer_range: " + a +
           "}\n  - {model: b, layer_range: " + b + "}\n";
  };
  expect_one_problem_each(
      {{ranges("[0, 4]", "[0, 5]"),
        "all sources of a slice must have the same number of layers: 4 in [0], 5 in [1]"},
       {ranges("[-1, 4]", "[0, 5]"), "'-1' is outside 0..1000000"},
       {ranges("[0, 4, 5]", "[0, 5]"), "[FIRST, END], not 3 numbers"},
       {ranges("[4, 0]", "[0, 5]"), "layer range [4, 0] ends before it begins"},
       {ranges("[0, 1.5]", "[0, 5]"), "expected a whole number, found '1.5'"},
       {ranges("[0, 99999999999999999999]", "[0, 5]"), "is outside 0..1000000"},
       {ranges("5", "[0, 5]"), "expected a list, found a number"},
       {ranges("", "[0, 5]"), "'layer_range' is missing"},
       {"merge_method: uniform_soup\nslices: [{sources: []}]", "a slice needs a source"},
       {"merge_method: uniform_soup\nslices: [{}]", "'sources' is missing"},
       {"merge_method: uniform_soup\nslices: [{model: a, sources: [{model: a, layer_range: [0, 1]}]}]",
        "unknown key 'model' (write `sources: [{model: ..., layer_range: [FIRST, END]}]`)"},
       {"merge_method: uniform_soup\nslices: [{sources: [{model: a, layer_range: [0, 1]}, {model: a, "
        "layer_range: [1, 2]}]}]",
        "model 'a' is listed twice"},
       {"merge_method: weighted\nslices: [{sources: [{model: a, layer_range: [0, 1]}]}]",
        "works on `models:`"},
       {"merge_method: slerp\nbase_model: c\nparameters: {t: 0}\n" + ranges("[0, 4]", "[0, 4]").substr(27),
        "base_model 'c' is not among the sources of this slice"}});
}

TEST(Problems, modules) {
  expect_one_problem_each(
      {{"merge_method: uniform_soup\nmodules: [a]", "modules: expected a mapping"},
       {"merge_method: uniform_soup\nmodules: {m: {}}", "modules.m: exactly one of 'models' and 'slices'"},
       {"merge_method: uniform_soup\nmodules: {m: {models: [{model: a}], slices: [{sources: [{model: a, "
        "layer_range: [0, 1]}]}]}}",
        "exactly one of 'models' and 'slices'"},
       {"merge_method: uniform_soup\nmodules: {m: {model: [{model: a}], models: [{model: a}]}}",
        "unknown key 'model' (did you mean 'models'?)"},
       {"merge_method: uniform_soup\nmodules: {'': {models: [{model: a}]}}", "a module needs a name"}});
}

TEST(Problems, trajectories) {
  const auto models = [](const std::string& method, const std::string& mapping) {
    return "merge_method: " + method + "\nmodels: " + mapping + "\n";
  };
  expect_one_problem_each(
      {{models("linear", "{globe: 'x*', glob: 'x*'}"), "unknown key 'globe' (did you mean 'glob'?)"},
       {models("linear", "{last: 3}"), "'glob' is missing"},
       {models("linear", "{glob: ''}"), "the glob is empty"},
       {models("linear", "{glob: x, every: 0}"), "'0' is outside 1.."},
       {models("linear", "{glob: x, last: 1.5}"), "expected a whole number"},
       {models("linear", "{glob: x, schedule: lienar}"), "(did you mean 'linear'?)"},
       {models("uniform_soup", "{glob: x, schedule: linear}"), "uniform_soup takes no weights"},
       {models("weighted", "{glob: x}"), "needs `examples:` on each model"},
       {models("fisher", "{glob: x}"), "needs `statistics:` on each model"},
       {models("linear", "{glob: x}") + "parameters: {weight: 1}", "the schedule sets the weights"}});
}

TEST(Problems, types_tokenizers_and_words) {
  expect_one_problem_each(
      {{linear("dtype: int64"), "dtype: 'int64' is not a type that a merge writes"},
       {linear("out_dtype: float8_e4m3fn"), "is not a type that a merge writes"},
       {linear("tokenizer: {source: base}"),
        "tokenizer blocks are not supported in this version (write `vocabulary: common` or `vocabulary: "
        "pad`"},
       {linear("tokenizer_source: union"), "a union of tokenizers is not supported in this version"},
       {linear("tokenizer_source: a+b+c"), "more than one '+'"},
       {linear("chat_template: [a]"), "expected text, found a list"},
       {linear("semantics: papers"), "(did you mean 'paper'?)"},
       {linear("vocabulary: union"), "'union' is none of error, common, pad"},
       {linear("mask: intersection"), "masks other than `none` are not available"},
       {linear("statistics: x.h5"), "'statistics' is not available in this version"},
       {"models: [{model: a}]\nprune: {method: wanda}", "'prune' is not available in this version"},
       {"models: [{model: a}]\nrepair: {probe: mlp}", "'repair' is not available in this version"},
       {linear("normalize: true"), "unknown key 'normalize' (write `parameters: {normalize: ...}`)"},
       {linear("merge_metod: linear"), "unknown key 'merge_metod' (did you mean 'merge_method'?)"}});
}

TEST(Problems, sparsify) {
  const auto based = [](const std::string& sparsify) {
    return linear("base_model: b\nsparsify: " + sparsify);
  };
  expect_one_problem_each(
      {{linear("sparsify: {method: dare, drop: 0.5}"),
        "sparsify: sparsify needs a base_model, whose difference to each model it thins"},
       {based("dare"), "sparsify: expected a mapping"},
       {based("{drop: 0.5}"), "'method' is missing"},
       {based("{method: dares, drop: 0.5}"), "'dares' is none of dare, ties (did you mean 'dare'?)"},
       {based("{method: dare}"), "'drop' is missing"},
       {based("{method: ties}"), "'density' is missing"},
       {based("{method: ties, density: 1.5}"), "sparsify.density: 1.5 is not between 0 and 1"},
       {based("{method: dare, drop: -0.5}"), "-0.5 is not between 0 and 1"},
       {based("{method: dare, drop: 0.5, rescale: 0.5}"), "rescale is true or false, not 0.5"},
       {based("{method: dare, drop: 0.5, density: 0.5}"), "dare takes `drop:`"},
       {based("{method: ties, density: 0.5, drop: 0.5}"), "ties takes `density:`"},
       {based("{method: ties, density: 0.5, rescale: true}"), "ties keeps the largest entries as they are"},
       {based("{method: ties, density: 0.5, scop: model}"), "unknown key 'scop' (did you mean 'scope'?)"},
       {based("{method: ties, density: 0.5, scope: all}"), "'all' is none of tensor, layer, model"}});
}

TEST(Problems, references_to_models) {
  expect_one_problem_each(
      {{linear("keep_from: b"), "keep_from: 'b' is no model of this recipe"},
       {"merge_method: uniform_soup\nmodels: [{model: ./llama, name: llama}]\nkeep_from: lama",
        "'lama' is no model of this recipe (did you mean 'llama'?)"},
       {"merge_method: uniform_soup\nmodels: [{model: ./x, name: x}]\nbase_model: x",
        "'x' is the `name:` of a model; base_model takes a reference (write `base_model: ./x`)"}});
}

TEST(Problems, regexes_and_name_rules) {
  expect_one_problem_each(
      {{linear("include: ['a', '(']"), "include: regex '(': missing )"},
       {linear("exclude: {a: b}"), "exclude: expected a list, found a mapping"},
       {linear("exclude: ['" + std::string(5000, 'x') + "']"), "a regex of 5000 bytes is too long"},
       {linear("include: '((a{1000}){1000}){1000}'"), "invalid repetition size"},
       {linear("names: {from: a, to: b}"), "names: expected a list"},
       {linear("names: [{from: a}]"), "names[0]: 'to' is missing"},
       {linear("names: [{to: a}]"), "'from' is missing"},
       {linear("names: [{from: 'a(', to: b}]"), "regex 'a(': missing )"},
       {linear("names: [{from: 'a(.*)', to: 'b\\2'}]"), "'b\\2' does not fit 'a(.*)'"},
       {linear("names: [{from: 'a', to: 'b\\d'}]"), "'b\\d' does not fit 'a'"},
       {linear("names: [{from: ['a(.)', b], to: 'c\\1'}]"), "'c\\1' does not fit 'b'"},
       {linear("names: [{from: [a, b], to: [c, d]}]"), "either `from:` or `to:` may be a list, not both"},
       {linear("names: [{from: a, to: []}]"), "an empty list"},
       {linear("names: [{from: a, to: ''}]"), "an empty name"},
       {linear("names: [{from: a, to: [b, c], sizes: [1]}]"), "1 sizes for 2 names"},
       {linear("names: [{from: a, to: b, sizes: [1]}]"), "'sizes' belongs to a split"},
       {linear("names: [{from: a, to: [b, c], sizes: [1, 0]}]"), "'0' is outside 1.."},
       {linear("names: [{from: a, to: [b, c], dim: -1}]"), "'-1' is outside 0..63"},
       {linear("names: [{from: a, to: b, model: zzz}]"), "'zzz' is no model of this recipe"},
       {linear("names: [{from: a, too: b, to: b}]"), "unknown key 'too' (did you mean 'to'?)"}});
}

TEST(Problems, syntax) {
  expect_one_problem_each(
      {{"", "the recipe is empty"},
       {"a: [", "line "},
       {"merge_method: linear\nmodels: &m [*m]", "line 2: an alias stands inside its own anchor"},
       {"a: 1\n---\nb: 2", "separate merges"},
       {"\xff", "not valid UTF-8"}});
}

TEST(Problems, very_many_are_cut) {
  std::string text = "merge_method: linear\n";
  for (int i = 0; i < 5000; ++i) text += fmt::format("unknown_key_{}: 1\n", i);
  const std::vector<std::string> found = problems(text);
  EXPECT_EQ(found.size(), 201U);
  EXPECT_THAT(found.back(), HasSubstr("more problems are not shown"));
  EXPECT_FALSE(test::parse(text, true).recipe);
}

TEST(Problems, aliased_text_is_found_where_it_stands) {
  EXPECT_THAT(problems("merge_method: linear\nbase_model: x\nmodels:\n- model: a\n  parameters: &p {weight: "
                       "no way}\n- model: b\n  parameters: *p\n"),
              ElementsAre(HasSubstr("line 5: models[0].parameters.weight"),
                          HasSubstr("line 5: models[1].parameters.weight")));
}

}  // namespace
}  // namespace stockpot::recipe
