#include "plan_fixture.hpp"

namespace stockpot::plan {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Slices, AFrankenmergeStacksLayers) {
  const Planning p = planning(
      "merge_method: passthrough\nslices:\n"
      "  - sources: [{model: a, layer_range: [0, 2]}]\n"
      "  - sources: [{model: b, layer_range: [1, 4]}]\n",
      {Headers("a").decoder(4), Headers("b").decoder(4)});
  const ResolvedMerge merge = p.resolve();
  EXPECT_THAT(texts(merge.problems), IsEmpty());
  const std::vector<std::string> layers{"a:model.layers.0", "a:model.layers.1", "b:model.layers.1",
                                        "b:model.layers.2", "b:model.layers.3"};
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    const TensorTask* const task = find_task(merge.tasks, fmt::format("model.layers.{}.attn.weight", layer));
    ASSERT_NE(task, nullptr);
    EXPECT_EQ(task->kind, TaskKind::copy);
    EXPECT_TRUE(task->bytewise);
    EXPECT_THAT(sources(p, *task), ElementsAre(layers[layer] + ".attn.weight"));
  }
  EXPECT_EQ(find_task(merge.tasks, "model.layers.5.attn.weight"), nullptr);
  EXPECT_EQ(merge.output_layers, (std::vector<std::uint64_t>{0, 1, 1, 2, 3}));
  EXPECT_THAT(sources(p, *find_task(merge.tasks, "model.embed_tokens.weight")),
              ElementsAre("a:model.embed_tokens.weight"));
  EXPECT_THAT(sources(p, *find_task(merge.tasks, "model.norm.weight")), ElementsAre("b:model.norm.weight"));
  EXPECT_THAT(sources(p, *find_task(merge.tasks, "lm_head.weight")), ElementsAre("b:lm_head.weight"));
}

TEST(Slices, AnEmptyLastSliceChoosesTheHead) {
  const Planning p = planning(
      "merge_method: passthrough\nslices:\n"
      "  - sources: [{model: a, layer_range: [0, 2]}]\n"
      "  - sources: [{model: b, layer_range: [2, 2]}]\n",
      {Headers("a").decoder(2), Headers("b").decoder(2)});
  const ResolvedMerge merge = p.resolve();
  EXPECT_THAT(texts(merge.problems), IsEmpty());
  EXPECT_THAT(sources(p, *find_task(merge.tasks, "lm_head.weight")), ElementsAre("b:lm_head.weight"));
  EXPECT_THAT(sources(p, *find_task(merge.tasks, "model.layers.1.mlp.weight")),
              ElementsAre("a:model.layers.1.mlp.weight"));
}

TEST(Slices, SourcesMayTakeDifferentLayers) {
  const Planning p = planning(
      "merge_method: linear\nslices:\n"
      "  - sources: [{model: a, layer_range: [0, 2], parameters: {weight: [1, 2]}}, "
      "{model: a, name: upper, layer_range: [2, 4], parameters: {weight: [{filter: layers.3, value: 7}, "
      "{value: 3}]}}]\n",
      {Headers("a").decoder(4)});
  const ResolvedMerge merge = p.resolve();
  EXPECT_THAT(texts(merge.problems), IsEmpty());
  const TensorTask* const second = find_task(merge.tasks, "model.layers.1.attn.weight");
  ASSERT_NE(second, nullptr);
  EXPECT_THAT(sources(p, *second),
              ElementsAre("a:model.layers.1.attn.weight", "upper:model.layers.3.attn.weight"));
  EXPECT_THAT(second->values.of_models("weight"), ElementsAre(2.0, 7.0))
      << "filters see the source's own name";
  EXPECT_THAT(find_task(merge.tasks, "model.norm.weight")->values.of_models("weight"), ElementsAre(1.0, 3.0));
}

TEST(Slices, DepthRestartsInEverySlice) {
  const Planning p = planning(
      "merge_method: passthrough\nslices:\n"
      "  - sources: [{model: a, layer_range: [0, 3], parameters: {scale: [0, 2]}}]\n"
      "  - sources: [{model: a, layer_range: [3, 4], parameters: {scale: [5, 6]}}]\n",
      {Headers("a").decoder(4)});
  const ResolvedMerge merge = p.resolve();
  EXPECT_THAT(texts(merge.problems), IsEmpty());
  const auto scale = [&](const std::string& name) {
    return find_task(merge.tasks, name)->values.of_models("scale").front();
  };
  EXPECT_EQ(scale("model.layers.0.mlp.weight"), 0.0);
  EXPECT_EQ(scale("model.layers.1.mlp.weight"), 1.0);
  EXPECT_EQ(scale("model.layers.2.mlp.weight"), 2.0);
  EXPECT_EQ(scale("model.layers.3.mlp.weight"), 6.0) << "a slice of one layer stands at t = 1";
  EXPECT_EQ(scale("model.norm.weight"), 5.0);
}

TEST(Slices, AMissingLayerIsNamed) {
  const Planning p = planning(
      "merge_method: passthrough\nslices:\n"
      "  - sources: [{model: a, layer_range: [0, 9]}]\n  - sources: [{model: a, layer_range: [7, 8]}]\n",
      {Headers("a").decoder(4)});
  EXPECT_THAT(texts(p.resolve().problems),
              ElementsAre(AllOf(HasSubstr("'a' [0, 9)"), HasSubstr("no layer model.layers.4")),
                          AllOf(HasSubstr("'a' [7, 8)"), HasSubstr("no layer model.layers.7"))));
}

TEST(Slices, ALayerThatOneSourceOnlyHasIsNamed) {
  const Planning p = planning(
      "merge_method: linear\nslices:\n  - sources: [{model: a, layer_range: [0, 3], parameters: {weight: "
      "1}}, "
      "{model: b, layer_range: [0, 3], parameters: {weight: 1}}]\n",
      {Headers("a").decoder(3), Headers("b").decoder(2)});
  EXPECT_THAT(texts(p.resolve().problems), Contains(HasSubstr("layers.2")));
}

TEST(Slices, TheBaseModelIsASourceWithLayersOfItsOwn) {
  const std::vector<Headers> headers{Headers("a").decoder(2), Headers("base").decoder(3)};
  const Planning with = planning(
      "merge_method: task_arithmetic\nbase_model: base\nslices:\n"
      "  - sources: [{model: base, layer_range: [1, 3]}, {model: a, layer_range: [0, 2], parameters: "
      "{weight: 1}}]\n",
      headers);
  const ResolvedMerge merge = with.resolve();
  EXPECT_THAT(texts(merge.problems), IsEmpty());
  EXPECT_THAT(sources(with, *find_task(merge.tasks, "model.layers.1.attn.weight")),
              ElementsAre("a:model.layers.1.attn.weight", "base:model.layers.2.attn.weight"));
}

TEST(Slices, LayersCantBeLeftOut) {
  const Planning p = planning(
      "merge_method: passthrough\nexclude: [attn]\nslices:\n  - sources: [{model: a, layer_range: [0, 2]}]\n",
      {Headers("a").decoder(2)});
  EXPECT_THAT(texts(p.resolve().problems),
              Contains(AllOf(HasSubstr("model.layers.0.attn.weight"), HasSubstr("slices"))));
}

}  // namespace
}  // namespace stockpot::plan
