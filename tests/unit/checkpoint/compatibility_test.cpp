#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "stockpot/checkpoint/compatibility.hpp"
#include "support/checkpoint_builder.hpp"
#include "support/temporary_folder.hpp"

namespace stockpot::checkpoint {
namespace {

using recipe::Problem;
using recipe::Severity;
using recipe::VocabularyPolicy;
using test::CheckpointBuilder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Compatibility : public testing::Test {
 protected:
  struct Model {
    Checkpoint checkpoint;
    std::vector<TensorView> views;
    std::vector<TensorView> tied;
  };

  void add(const CheckpointBuilder& builder) {
    const std::string name = std::to_string(models_.size()) + "-model";
    builder.write(folder_ / name);
    std::vector<std::string> warnings;
    Model& model = models_.emplace_back();
    model.checkpoint = open_checkpoint(folder_ / name, name, warnings);
    model.views = make_views(model.checkpoint, {}, name);
    model.tied = make_tied_views(model.checkpoint, {}, name);
  }
  [[nodiscard]] std::vector<Problem> compare(const CompatibilityOptions& options = {}) const {
    std::vector<ModelTensors> tensors;
    for (const Model& model : models_) tensors.push_back({&model.checkpoint, model.views, model.tied});
    return compare_models(tensors, options);
  }

  test::TemporaryFolder folder_;
  std::deque<Model> models_;
};

auto problem(const std::string& where, const std::vector<std::string>& parts) {
  std::vector<testing::Matcher<std::string>> all;
  for (const std::string& part : parts) all.push_back(HasSubstr(part));
  return AllOf(testing::Field(&Problem::severity, Severity::error), testing::Field(&Problem::where, where),
               testing::Field(&Problem::message, testing::AllOfArray(all)));
}

CheckpointBuilder small_model() {
  return CheckpointBuilder()
      .add("model.embed_tokens.weight", DType::bf16, {8, 4}, {1})
      .add("model.layers.0.weight", DType::bf16, {4, 4}, {1})
      .add("position_ids", DType::i64, {8}, {1});
}

TEST_F(Compatibility, EqualModelsHaveNoProblems) {
  for (int i = 0; i < 3; ++i) add(small_model());
  EXPECT_THAT(compare(), IsEmpty());
}

TEST_F(Compatibility, FloatsOfDifferentTypesMerge) {
  add(CheckpointBuilder().add("w", DType::bf16, {4}, {1}));
  add(CheckpointBuilder().add("w", DType::f32, {4}, {1}));
  add(CheckpointBuilder().add("w", DType::f8_e4m3, {4}, {1}));
  EXPECT_THAT(compare(), IsEmpty());
}

TEST_F(Compatibility, ReportsEveryMismatchInNaturalOrder) {
  add(small_model().add("model.layers.10.weight", DType::f32, {1}, {1}));
  add(small_model()
          .add("model.layers.2.weight", DType::f32, {1}, {1})
          .add("model.layers.0.weight", DType::bf16, {4, 5}, {1})
          .add("position_ids", DType::i32, {8}, {1}));
  EXPECT_THAT(compare(),
              ElementsAre(problem("tensor 'model.layers.0.weight'",
                                  {"[4, 4] in " + models_[0].checkpoint.files[0].path.string(),
                                   "[4, 5] in " + models_[1].checkpoint.files[0].path.string()}),
                          problem("tensor 'model.layers.2.weight'", {"1-model", "not in 0-model"}),
                          problem("tensor 'model.layers.10.weight'", {"0-model", "not in 1-model"}),
                          problem("tensor 'position_ids'", {"integers", "I64", "I32"})));
}

TEST_F(Compatibility, CountsWhatItDoesNotShow) {
  CheckpointBuilder many;
  for (int i = 0; i < 50; ++i) many.add(std::to_string(i), DType::f32, {1}, {1});
  add(many);
  add(small_model());
  CompatibilityOptions options;
  EXPECT_EQ(compare(options).size(), 21U);
  EXPECT_THAT(compare(options).back().message, HasSubstr("33 more"));
  options.shown_tensors = 100;
  EXPECT_EQ(compare(options).size(), 53U);
}

TEST_F(Compatibility, TiedNamesAreNoMismatch) {
  add(small_model().config(R"({"tie_word_embeddings": true})"));
  add(small_model().add("lm_head.weight", DType::bf16, {8, 4}, {1}));
  EXPECT_THAT(compare(), IsEmpty());
}

TEST_F(Compatibility, TiedNamesKeepTheirShape) {
  add(small_model().config(R"({"tie_word_embeddings": true})"));
  add(small_model().add("lm_head.weight", DType::bf16, {9, 4}, {1}));
  EXPECT_THAT(compare(), ElementsAre(problem("tensor 'lm_head.weight'", {"[8, 4]", "[9, 4]"})));
}

TEST_F(Compatibility, ExcludedTensorsNeedNoCounterpart) {
  add(small_model().add("classifier.weight", DType::f32, {3}, {1}));
  add(small_model()
          .add("classifier.weight", DType::f32, {4}, {1})
          .add("classifier.bias", DType::f32, {4}, {1}));
  CompatibilityOptions options;
  options.merges = [](std::string_view name) { return !name.starts_with("classifier"); };
  EXPECT_EQ(compare().size(), 2U);
  EXPECT_THAT(compare(options), IsEmpty());
}

TEST_F(Compatibility, OnlyCopiedTypesDoNotMerge) {
  const auto packed = CheckpointBuilder().add_raw("w", DType::f4, {2}, {std::byte{1}});
  add(packed);
  EXPECT_THAT(compare(), IsEmpty());
  add(packed);
  EXPECT_THAT(compare(), ElementsAre(problem("tensor 'w'", {"F4", "copied but not merged"})));
}

TEST_F(Compatibility, AnIntegerDoesNotMergeWithAFloat) {
  add(CheckpointBuilder().add("w", DType::f32, {1}, {1}));
  add(CheckpointBuilder().add("w", DType::i64, {1}, {1}));
  EXPECT_THAT(compare(), ElementsAre(problem("tensor 'w'", {"F32 [1]", "I64 [1]"})));
}

TEST_F(Compatibility, RowsOfVocabulariesMayDifferIfAsked) {
  const auto sized = [](std::uint64_t vocabulary, std::uint64_t width) {
    return CheckpointBuilder()
        .add("model.embed_tokens.weight", DType::f32, {vocabulary, 4}, {1})
        .add("other.weight", DType::f32, {width, 4}, {1});
  };
  add(sized(8, 3));
  add(sized(10, 3));
  const std::vector<Problem> refused = compare();
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_THAT(refused[0].suggestion, HasSubstr("vocabulary: common"));
  CompatibilityOptions options;
  for (const VocabularyPolicy policy : {VocabularyPolicy::common, VocabularyPolicy::pad}) {
    options.vocabulary = policy;
    EXPECT_THAT(compare(options), IsEmpty());
  }
  add(sized(10, 4));
  EXPECT_THAT(compare(options), ElementsAre(problem("tensor 'other.weight'", {"[3, 4]", "[4, 4]"})));
}

TEST(Vocabulary, KnowsEmbeddingsAndHeads) {
  for (const char* name :
       {"model.embed_tokens.weight", "lm_head.weight", "transformer.wte.weight", "output.weight",
        "language_model.lm_head.weight", "cls.predictions.decoder.bias"}) {
    EXPECT_TRUE(is_vocabulary_tensor(name)) << name;
  }
  for (const char* name : {"layers.0.attention.output.weight", "my_lm_head.weight", "decoder.weight",
                           "model.layers.0.mlp.weight", "", "vision.embeddings.weight"}) {
    EXPECT_FALSE(is_vocabulary_tensor(name)) << name;
  }
}

}  // namespace
}  // namespace stockpot::checkpoint
