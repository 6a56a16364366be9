#include <random>

#include "plan_fixture.hpp"

namespace stockpot::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Headers sized(const std::string& reference, std::uint64_t rows) {
  return Headers(reference)
      .add("model.embed_tokens.weight", DType::bf16, {rows, 4})
      .add("model.norm.weight", DType::bf16, {4});
}
const std::string three_models =
    "merge_method: linear\nmodels:\n  - {model: a, parameters: {weight: 1}}\n"
    "  - {model: b, parameters: {weight: 2}}\n  - {model: c, parameters: {weight: 3}}\n";

std::vector<const TensorTask*> blocks_of(const ResolvedMerge& merge) {
  std::vector<const TensorTask*> blocks;
  for (const TensorTask& task : merge.tasks) {
    if (task.writes() && task.name == "model.embed_tokens.weight") blocks.push_back(&task);
  }
  return blocks;
}

TEST(VocabularyTasks, EveryRowStandsInOneBlockWithAllItsHolders) {
  std::mt19937_64 generator(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint64_t> counts(3);
    for (std::uint64_t& count : counts) count = generator() % 8;
    const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
    const std::vector<Headers> headers{sized("a", counts[0]), sized("b", counts[1]), sized("c", counts[2])};
    const ResolvedMerge padded = planning(three_models + "vocabulary: pad\n", headers).resolve();
    std::uint64_t next = 0;
    for (const TensorTask* block : blocks_of(padded)) {
      const std::uint64_t first = block->block ? block->block->first_element / 4 : 0;
      const std::uint64_t end = first + block->shape[0];
      EXPECT_EQ(first, next);
      EXPECT_TRUE(first < end || *most == 0);
      std::vector<std::uint32_t> holders;
      for (std::uint32_t i = 0; i < 3; ++i) {
        EXPECT_TRUE(counts[i] >= end || counts[i] <= first) << "nobody ends inside";
        if (counts[i] >= end) holders.push_back(i);
      }
      std::vector<std::uint32_t> inputs;
      for (const InputRef& input : block->inputs) inputs.push_back(input.model);
      EXPECT_EQ(inputs, holders);
      EXPECT_EQ(block->elements, 4 * block->shape[0]);
      EXPECT_EQ(block->is_scope_of_its_own(), holders.size() < 3);
      next = end;
    }
    EXPECT_EQ(next, *most);
    const ResolvedMerge common = planning(three_models + "vocabulary: common\n", headers).resolve();
    ASSERT_EQ(blocks_of(common).size(), 1U);
    EXPECT_EQ(blocks_of(common).front()->shape, (Shape{*least, 4}));
    EXPECT_EQ(blocks_of(common).front()->inputs.size(), 3U);
    EXPECT_FALSE(blocks_of(common).front()->block);
  }
}

TEST(VocabularyTasks, APaddedTensorHasATaskForEachSetOfHolders) {
  const Planning p =
      planning(three_models + "vocabulary: pad\n", {sized("a", 8), sized("b", 10), sized("c", 9)});
  const ResolvedMerge merge = p.resolve();
  const auto blocks = blocks_of(merge);
  ASSERT_EQ(blocks.size(), 3U);
  EXPECT_EQ(merge.vocabulary, 10U);
  EXPECT_EQ(blocks[0]->label(), "model.embed_tokens.weight");
  EXPECT_EQ(blocks[1]->label(), "model.embed_tokens.weight[32:36]");
  EXPECT_EQ(blocks[1]->values.of_models("weight"), (std::vector<double>{2, 3}));
  EXPECT_EQ(blocks[2]->values.of_models("weight"), (std::vector<double>{2}));
  EXPECT_EQ(blocks[2]->shape, (Shape{1, 4}));
  EXPECT_EQ(blocks[2]->tensor_shape(), (Shape{10, 4}));
  EXPECT_EQ(blocks[2]->inputs.front().first_element, 36U);
  EXPECT_TRUE(blocks[0]->begins_tensor());
  EXPECT_FALSE(blocks[1]->begins_tensor());
  EXPECT_FALSE(blocks[0]->is_scope_of_its_own());
  EXPECT_TRUE(blocks[2]->is_scope_of_its_own());
}

TEST(VocabularyTasks, StoredTensorsThatAreReadInPartsAreDigestedApart) {
  for (const std::string policy : {"common", "pad"}) {
    const Planning p = planning(three_models + "vocabulary: " + policy + "\n",
                                {sized("a", 8), sized("b", 10), sized("c", 10)});
    std::map<std::string, int> digested;
    for (const TensorTask& task : p.resolve().tasks) {
      for (std::size_t i = 0; i < task.inputs.size(); ++i) {
        if (task.inputs[i].digests) ++digested[sources(p, task)[i]];
      }
    }
    EXPECT_EQ(digested.size(), 6U) << policy;
    for (const auto& [tensor, times] : digested) EXPECT_EQ(times, 1) << tensor;
  }
}

TEST(VocabularyTasks, TheLayoutKeepsTheBlocksOfATensorTogether) {
  const Planning p =
      planning(three_models + "vocabulary: pad\n", {sized("a", 8), sized("b", 10), sized("c", 9)});
  PlanOptions options;
  options.shard_bytes = 16;
  const MergePlan plan = p.make(options);
  EXPECT_EQ(plan.layout.files.size(), 2U);
  EXPECT_EQ(plan.layout.parameters, 44U);
  EXPECT_EQ(plan.layout.tensor_bytes, 88U);
  EXPECT_EQ(plan.vocabulary, 10U);
  const TensorTask& head = *find_task(plan.tasks, "model.embed_tokens.weight");
  for (const TensorTask& task : plan.tasks) {
    if (!task.writes() || task.name != head.name) continue;
    EXPECT_EQ(task.file, head.file);
    EXPECT_EQ(task.offset, head.offset + 2 * task.block->first_element);
  }
}

TEST(VocabularyTasks, TheUserIsToldWhoseTokenizerStays) {
  const std::vector<Headers> headers{sized("a", 8), sized("b", 10), sized("c", 9)};
  const ResolvedMerge merge = planning(three_models + "vocabulary: pad\n", headers).resolve();
  ASSERT_EQ(merge.problems.size(), 1U);
  EXPECT_EQ(merge.problems.front().severity, recipe::Severity::warning);
  EXPECT_THAT(merge.problems.front().message, HasSubstr("10 rows of tokens but keeps the tokenizer of 'a'"));
  EXPECT_THAT(planning(three_models + "vocabulary: pad\ntokenizer_source: b\n", headers).resolve().problems,
              IsEmpty());
}

TEST(VocabularyTasks, AMethodThatNeedsTwoModelsLeavesRowsOfOneAsTheyAre) {
  const Planning p = planning(
      "merge_method: task_arithmetic\nvocabulary: pad\nbase_model: a\n"
      "models: [{model: b, parameters: {weight: 1}}]\n",
      {sized("a", 10), sized("b", 8)});
  const ResolvedMerge merge = p.resolve();
  const auto blocks = blocks_of(merge);
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(blocks[1]->kind, TaskKind::copy);
  EXPECT_THAT(sources(p, *blocks[1]), ElementsAre("a:model.embed_tokens.weight"));
  EXPECT_FALSE(blocks[1]->anchor);
}

TEST(VocabularyTasks, EmptyRowsAreNoBlocks) {
  const auto wide = [](const std::string& reference, std::uint64_t rows) {
    return Headers(reference).add("lm_head.weight", DType::bf16, {rows, 0});
  };
  for (const std::string policy : {"common", "pad"}) {
    const ResolvedMerge merge =
        planning(three_models + "vocabulary: " + policy + "\n", {wide("a", 3), wide("b", 5), wide("c", 4)})
            .resolve();
    EXPECT_THAT(output_names(merge.tasks), ElementsAre("lm_head.weight"));
    EXPECT_EQ(merge.tasks.front().tensor_shape(), (Shape{policy == "pad" ? 5U : 3U, 0U}));
  }
}

TEST(VocabularyTasks, OtherTensorsMustFit) {
  const auto shaped = [](const std::string& reference, const Shape& embedding, const Shape& other) {
    return Headers(reference)
        .add("model.embed_tokens.weight", DType::bf16, embedding)
        .add("model.layers.0.weight", DType::bf16, other);
  };
  const std::string text = three_models + "vocabulary: pad\n";
  const auto rows =
      planning(text, {shaped("a", {8, 4}, {3}), shaped("b", {8, 4}, {4}), shaped("c", {8, 4}, {3})});
  ASSERT_EQ(rows.resolve().problems.size(), 1U);
  EXPECT_EQ(rows.resolve().problems.front().where, "tensor 'model.layers.0.weight'");
  const auto columns =
      planning(text, {shaped("a", {8, 4}, {3}), shaped("b", {8, 5}, {3}), shaped("c", {9, 4}, {3})});
  ASSERT_EQ(columns.resolve().problems.size(), 1U);
  EXPECT_EQ(columns.resolve().problems.front().where, "tensor 'model.embed_tokens.weight'");
  EXPECT_EQ(columns.resolve().problems.front().suggestion, "");
}

}  // namespace
}  // namespace stockpot::plan
