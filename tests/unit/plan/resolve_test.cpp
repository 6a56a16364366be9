#include "plan_fixture.hpp"

namespace stockpot::plan {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string two_models = "merge_method: uniform_soup\nmodels: [{model: a}, {model: b}]\n";

TEST(Resolve, EveryTensorIsMadeOfAllModelsInRecipeOrder) {
  const Planning p = planning(two_models, {Headers("b").decoder(11), Headers("a").decoder(11)});
  const ResolvedMerge merge = p.resolve();
  EXPECT_THAT(texts(merge.problems), IsEmpty());
  ASSERT_EQ(merge.tasks.size(), 25U);
  EXPECT_EQ(merge.tasks[0].name, "lm_head.weight");
  EXPECT_EQ(merge.tasks[7].name, "model.layers.2.mlp.weight") << "natural order: 2 stands before 10";
  for (const TensorTask& task : merge.tasks) {
    EXPECT_EQ(task.kind, TaskKind::merge);
    EXPECT_EQ(task.dtype, DType::bf16);
    EXPECT_THAT(sources(p, task), ElementsAre("a:" + task.name, "b:" + task.name));
    EXPECT_FALSE(task.anchor);
  }
}

TEST(Resolve, EveryStoredTensorIsDigestedOnce) {
  const Planning p = planning(
      "merge_method: uniform_soup\nmodels: [{model: a}, {model: b}]\nexclude: [norm]\nkeep_from: b\n"
      "names: [{from: 'joined\\.weight', to: [left.weight, right.weight], model: b}]\n",
      {Headers("a")
           .add("left.weight", DType::f32, {2, 4})
           .add("right.weight", DType::f32, {2, 4})
           .add("norm", DType::f32, {3}),
       Headers("b").add("joined.weight", DType::f32, {4, 4}).add("norm", DType::f32, {3})});
  const ResolvedMerge merge = p.resolve();
  EXPECT_THAT(texts(merge.problems), IsEmpty());
  std::map<std::string, int> digested;
  for (const TensorTask& task : merge.tasks) {
    for (const InputRef& input : all_inputs(task)) {
      if (!input.digests) continue;
      TensorTask alone = task;
      alone.inputs = {input};
      alone.anchor.reset();
      ++digested[sources(p, alone).front()];
    }
  }
  EXPECT_EQ(digested, (std::map<std::string, int>{{"a:left.weight", 1},
                                                  {"a:right.weight", 1},
                                                  {"a:norm", 1},
                                                  {"b:joined.weight", 1},
                                                  {"b:norm", 1}}));
  EXPECT_THAT(output_names(merge.tasks), ElementsAre("left.weight", "norm", "right.weight"));
  EXPECT_EQ(find_task(merge.tasks, "norm")->kind, TaskKind::copy);
  EXPECT_THAT(sources(p, *find_task(merge.tasks, "norm")), ElementsAre("b:norm"));
}

TEST(Resolve, TheBaseModelIsTheAnchor) {
  const Planning p = planning(
      "merge_method: task_arithmetic\nbase_model: base\nmodels: [{model: a, parameters: {weight: 1}}, "
      "{model: base}, "
      "{model: b, parameters: {weight: 2}}]\n",
      {Headers("a").decoder(1), Headers("b").decoder(1), Headers("base").decoder(1, DType::f32)});
  const ResolvedMerge merge = p.resolve();
  EXPECT_THAT(texts(merge.problems), IsEmpty());
  for (const TensorTask& task : merge.tasks) {
    EXPECT_THAT(sources(p, task), ElementsAre("a:" + task.name, "b:" + task.name, "base:" + task.name));
    EXPECT_EQ(task.inputs.size(), 2U);
    EXPECT_EQ(task.dtype, DType::f32) << "of the base model";
    EXPECT_EQ(task.values.of_models("weight"), (std::vector<double>{1, 2}));
  }
}

TEST(Resolve, WhatIsExcludedComesFromTheBaseModelElseTheFirst) {
  const std::vector<Headers> headers{Headers("a").decoder(1), Headers("b").decoder(1),
                                     Headers("c").decoder(1)};
  const Planning first = planning(two_models + "exclude: [lm_head]\n", headers);
  EXPECT_THAT(sources(first, *find_task(first.resolve().tasks, "lm_head.weight")),
              ElementsAre("a:lm_head.weight"));
  const Planning base = planning(two_models + "base_model: c\ninclude: [layers]\n", headers);
  EXPECT_THAT(sources(base, *find_task(base.resolve().tasks, "lm_head.weight")),
              ElementsAre("c:lm_head.weight"));
  EXPECT_EQ(find_task(base.resolve().tasks, "model.layers.0.attn.weight")->inputs.size(), 2U);
}

TEST(Resolve, WhatOnlyTheKeptModelHasAndIsExcludedIsKept) {
  const std::vector<Headers> headers{Headers("a").decoder(1), Headers("b").decoder(1),
                                     Headers("c")
                                         .decoder(1)
                                         .add("vision.patch.weight", DType::f32, {3})
                                         .tie("vision.alias", "model.norm.weight")};
  for (const std::string keeper : {"base_model: c\n", "base_model: c\nkeep_from: c\n"}) {
    const Planning kept = planning(two_models + keeper + "exclude: [vision, lm_head]\n", headers);
    const ResolvedMerge merge = kept.resolve();
    EXPECT_THAT(texts(merge.problems), IsEmpty());
    ASSERT_NE(find_task(merge.tasks, "vision.patch.weight"), nullptr);
    EXPECT_EQ(find_task(merge.tasks, "vision.patch.weight")->kind, TaskKind::copy);
    EXPECT_THAT(sources(kept, *find_task(merge.tasks, "vision.patch.weight")),
                ElementsAre("c:vision.patch.weight"));
    EXPECT_EQ(find_task(merge.tasks, "vision.alias"), nullptr) << "stays an alias";
  }
  const Planning merged = planning(two_models + "base_model: c\nexclude: [lm_head]\n", headers);
  EXPECT_EQ(find_task(merged.resolve().tasks, "vision.patch.weight"), nullptr)
      << "not excluded, and no ingredient has it";
}

TEST(Resolve, KeptTensorsOfSlicesAreThoseOutsideTheirLayers) {
  const Planning p = planning(
      "merge_method: linear\nbase_model: c\nparameters: {weight: 1}\nexclude: [vision, 'layers\\.3\\.']\n"
      "slices:\n  - sources: [{model: a, layer_range: [0, 2]}, {model: b, layer_range: [0, 2]}]\n",
      {Headers("a").decoder(4), Headers("b").decoder(4),
       Headers("c").decoder(4).add("vision.patch.weight", DType::f32, {3})});
  const ResolvedMerge merge = p.resolve();
  EXPECT_THAT(texts(merge.problems), IsEmpty());
  EXPECT_NE(find_task(merge.tasks, "vision.patch.weight"), nullptr);
  EXPECT_EQ(find_task(merge.tasks, "model.layers.3.attn.weight"), nullptr) << "the output has two layers";
}

TEST(Resolve, EveryProblemIsReportedAtOnce) {
  Headers a("a");
  a.decoder(1)
      .add("only_a", DType::f32, {1})
      .add("shape", DType::f32, {2, 3})
      .add("kind", DType::f32, {2})
      .add("packed", DType::f4, {4});
  Headers b("b");
  b.decoder(1)
      .add("only_b", DType::f32, {1})
      .add("shape", DType::f32, {3, 2})
      .add("kind", DType::i32, {2})
      .add("packed", DType::f4, {4});
  const ResolvedMerge merge = planning(two_models, {a, b}).resolve();
  EXPECT_THAT(merge.tasks, IsEmpty());
  const auto problems = texts(merge.problems);
  ASSERT_EQ(problems.size(), 5U);
  EXPECT_THAT(problems, Contains(AllOf(HasSubstr("'only_a'"), HasSubstr("is missing in model 'b'"))));
  EXPECT_THAT(problems, Contains(AllOf(HasSubstr("'only_b'"), HasSubstr("is missing in model 'a'"))));
  EXPECT_THAT(problems, Contains(AllOf(HasSubstr("'shape'"), HasSubstr("[2, 3]"),
                                       HasSubstr("[3, 2] in b/model.safetensors"))));
  EXPECT_THAT(problems, Contains(AllOf(HasSubstr("'kind'"), HasSubstr("I32"))));
  EXPECT_THAT(problems, Contains(AllOf(HasSubstr("'packed'"), HasSubstr("F4"))));
}

TEST(Resolve, DtypesOfTheOutput) {
  const std::vector<Headers> headers{
      Headers("a").add("x", DType::f16, {1}).add("fp8", DType::f8_e4m3, {1}).add("ids", DType::i64, {2}),
      Headers("b").add("x", DType::f64, {1}).add("fp8", DType::f8_e5m2, {1}).add("ids", DType::i64, {2})};
  const auto dtypes = [&](const std::string& more, std::optional<DType> forced) {
    const ResolvedMerge merge = planning(two_models + more, headers).resolve(forced);
    EXPECT_THAT(texts(merge.problems), IsEmpty());
    EXPECT_EQ(find_task(merge.tasks, "ids")->dtype, DType::i64);
    EXPECT_EQ(find_task(merge.tasks, "ids")->kind, TaskKind::agree);
    return std::pair{find_task(merge.tasks, "x")->dtype, find_task(merge.tasks, "fp8")->dtype};
  };
  EXPECT_EQ(dtypes("", std::nullopt), std::pair(DType::f16, DType::bf16));
  EXPECT_EQ(dtypes("base_model: b\n", std::nullopt), std::pair(DType::f64, DType::bf16));
  EXPECT_EQ(dtypes("dtype: float32\n", std::nullopt), std::pair(DType::f32, DType::f32));
  EXPECT_EQ(dtypes("dtype: float32\nout_dtype: float64\n", std::nullopt), std::pair(DType::f64, DType::f64));
  EXPECT_EQ(dtypes("out_dtype: float64\n", DType::f16), std::pair(DType::f16, DType::f16));
}

TEST(Resolve, TiedHeadsStayTied) {
  Headers untied("a");
  untied.decoder(1);
  Headers tied("b");
  tied.add("model.embed_tokens.weight", DType::bf16, {32, 8})
      .add("model.layers.0.attn.weight", DType::bf16, {8, 8})
      .add("model.layers.0.mlp.weight", DType::bf16, {16, 8})
      .add("model.norm.weight", DType::bf16, {8})
      .tie("lm_head.weight", "model.embed_tokens.weight");
  const Planning untied_first = planning(two_models, {untied, tied});
  const ResolvedMerge full = untied_first.resolve();
  EXPECT_THAT(texts(full.problems), IsEmpty());
  EXPECT_THAT(sources(untied_first, *find_task(full.tasks, "lm_head.weight")),
              ElementsAre("a:lm_head.weight", "b:model.embed_tokens.weight"));
  const ResolvedMerge small = planning(two_models + "base_model: b\n", {untied, tied}).resolve();
  EXPECT_THAT(texts(small.problems),
              Contains(AllOf(HasSubstr("warning"), HasSubstr("'lm_head.weight'"), HasSubstr("tied"))));
  EXPECT_FALSE(recipe::has_errors(small.problems));
  EXPECT_THAT(output_names(small.tasks), Not(Contains("lm_head.weight")));
}

TEST(Resolve, GradientsAndFiltersFollowDepthAndNames) {
  const Planning p = planning(
      "merge_method: linear\nmodels:\n"
      "  - {model: a, parameters: {weight: [0, 1]}}\n"
      "  - {model: b, parameters: {weight: [{filter: mlp, value: [1, 3]}, {filter: norm, value: 9}, {value: "
      "5}]}}\n"
      "parameters: {normalize: [{filter: attn, value: false}, {value: true}]}\n",
      {Headers("a").decoder(5), Headers("b").decoder(5)});
  const ResolvedMerge merge = p.resolve();
  EXPECT_THAT(texts(merge.problems), IsEmpty());
  const auto weights = [&](const char* name) {
    return find_task(merge.tasks, name)->values.of_models("weight");
  };
  EXPECT_THAT(weights("model.layers.0.mlp.weight"), ElementsAre(0.0, 1.0));
  EXPECT_THAT(weights("model.layers.1.mlp.weight"), ElementsAre(0.25, 1.5));
  EXPECT_THAT(weights("model.layers.4.mlp.weight"), ElementsAre(1.0, 3.0));
  EXPECT_THAT(weights("model.layers.2.attn.weight"), ElementsAre(0.5, 5.0));
  EXPECT_THAT(weights("model.norm.weight"), ElementsAre(0.0, 9.0));
  EXPECT_FALSE(find_task(merge.tasks, "model.layers.2.attn.weight")->values.flag("normalize"));
  EXPECT_TRUE(find_task(merge.tasks, "lm_head.weight")->values.flag("normalize"));
}

TEST(Resolve, ARequiredParameterWithoutValueIsTheRecipesFault) {
  const Planning p = planning(
      "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, "
      "{model: b, parameters: {weight: [{filter: mlp, value: 1}]}}]\n",
      {Headers("a").decoder(1), Headers("b").decoder(1)});
  const ResolvedMerge merge = p.resolve();
  EXPECT_EQ(merge.code, ExitCode::usage);
  EXPECT_THAT(texts(merge.problems),
              Contains(AllOf(HasSubstr("'lm_head.weight'"), HasSubstr("'weight'"), HasSubstr("'b'"))));
}

TEST(Resolve, WeightsThatSumToZeroAreTheRecipesFault) {
  const Planning p = planning(
      "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, "
      "{model: b, parameters: {weight: [{filter: norm, value: -1}, {value: 1}]}}]\n",
      {Headers("a").decoder(1), Headers("b").decoder(1)});
  const ResolvedMerge merge = p.resolve();
  EXPECT_EQ(merge.code, ExitCode::usage);
  ASSERT_EQ(merge.problems.size(), 1U);
  EXPECT_THAT(recipe::to_string(merge.problems[0]),
              AllOf(HasSubstr("model.norm.weight"), HasSubstr("sum to zero")));
}

TEST(Resolve, ModulesOwnTheTensorsBelowTheirNames) {
  const std::vector<Headers> headers{Headers("a")
                                         .add("vision.w", DType::f32, {1})
                                         .add("text.w", DType::f32, {1})
                                         .add("text.tower.w", DType::f32, {1}),
                                     Headers("b")
                                         .add("vision.w", DType::f32, {1})
                                         .add("text.w", DType::f32, {1})
                                         .add("text.tower.w", DType::f32, {1})};
  const std::string text =
      "merge_method: uniform_soup\nmodules:\n  vision: {models: [{model: a}]}\n  text: {models: [{model: a}, "
      "{model: b}]}\n"
      "  text.tower: {models: [{model: b}]}\n";
  const Planning p = planning(text, headers);
  const ResolvedMerge merge = p.resolve();
  EXPECT_THAT(texts(merge.problems), IsEmpty());
  EXPECT_THAT(sources(p, *find_task(merge.tasks, "vision.w")), ElementsAre("a:vision.w"));
  EXPECT_THAT(sources(p, *find_task(merge.tasks, "text.w")), ElementsAre("a:text.w", "b:text.w"));
  EXPECT_THAT(sources(p, *find_task(merge.tasks, "text.tower.w")), ElementsAre("b:text.tower.w"));
  std::vector<Headers> more = headers;
  more[0].add("head.w", DType::f32, {1});
  EXPECT_THAT(texts(planning(text, more).resolve().problems),
              ElementsAre(AllOf(HasSubstr("'head.w'"), HasSubstr("modules"))));
}

TEST(Resolve, TaskArithmeticOfTheBaseAloneIsTheBase) {
  const Planning p = planning(
      "merge_method: task_arithmetic\nbase_model: base\nmodules:\n"
      "  vision: {models: [{model: base}, {model: a, parameters: {weight: 1}}]}\n"
      "  text: {models: [{model: base}, {model: base, name: again, parameters: {weight: 2}}]}\n",
      {Headers("a").add("vision.w", DType::f32, {1}).add("text.w", DType::f32, {1}),
       Headers("base").add("vision.w", DType::f32, {1}).add("text.w", DType::f32, {1})});
  const ResolvedMerge merge = p.resolve();
  EXPECT_THAT(texts(merge.problems), IsEmpty());
  EXPECT_THAT(sources(p, *find_task(merge.tasks, "text.w")), ElementsAre("again:text.w", "base:text.w"));
}

}  // namespace
}  // namespace stockpot::plan
