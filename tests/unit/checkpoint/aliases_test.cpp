#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include "stockpot/checkpoint/checkpoint.hpp"
#include "support/checkpoint_builder.hpp"
#include "support/temporary_folder.hpp"

namespace stockpot::checkpoint {
namespace {

using test::CheckpointBuilder;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class Aliases : public testing::Test {
 protected:
  Checkpoint written(const CheckpointBuilder& builder) {
    builder.write(folder_.path());
    std::vector<std::string> warnings;
    return open_checkpoint(folder_.path(), "m", warnings);
  }
  test::TemporaryFolder folder_;
};

CheckpointBuilder with(const std::vector<std::string>& names) {
  CheckpointBuilder builder;
  for (const std::string& name : names) builder.add(name, DType::f32, {2}, {1});
  return builder;
}

TEST_F(Aliases, ComeFromATiedConfig) {
  const Checkpoint checkpoint =
      written(with({"model.embed_tokens.weight"}).config(R"({"tie_word_embeddings": true})"));
  EXPECT_THAT(checkpoint.aliases, ElementsAre(Pair("lm_head.weight", "model.embed_tokens.weight")));
  EXPECT_EQ(checkpoint.find("lm_head.weight"), nullptr);
  EXPECT_EQ(checkpoint.find_or_alias("lm_head.weight"), checkpoint.find("model.embed_tokens.weight"));
  EXPECT_NE(checkpoint.find_or_alias("lm_head.weight"), nullptr);
  EXPECT_EQ(checkpoint.find_or_alias("nothing"), nullptr);
}

TEST_F(Aliases, ComeFromANestedConfig) {
  const Checkpoint checkpoint = written(with({"language_model.model.embed_tokens.weight"})
                                            .config(R"({"text_config": {"tie_word_embeddings": true}})"));
  EXPECT_THAT(checkpoint.aliases,
              ElementsAre(Pair("language_model.lm_head.weight", "language_model.model.embed_tokens.weight")));
}

TEST_F(Aliases, AreNotInvented) {
  const auto embedding = with({"transformer.wte.weight"});
  EXPECT_THAT(written(embedding).aliases, IsEmpty());
  EXPECT_THAT(written(CheckpointBuilder(embedding).config(R"({"tie_word_embeddings": false})")).aliases,
              IsEmpty());
  EXPECT_THAT(written(CheckpointBuilder(embedding).config(R"({"tie_word_embeddings": 1})")).aliases,
              IsEmpty());
  EXPECT_THAT(
      written(with({"transformer.wte.weight", "lm_head.weight"}).config(R"({"tie_word_embeddings": true})"))
          .aliases,
      IsEmpty());
}

TEST_F(Aliases, OfAnEncoderAndDecoderNeedNoConfig) {
  EXPECT_THAT(written(with({"shared.weight"})).aliases,
              ElementsAre(Pair("decoder.embed_tokens.weight", "shared.weight"),
                          Pair("encoder.embed_tokens.weight", "shared.weight")));
}

TEST_F(Aliases, ComeFromMetadata) {
  const Checkpoint checkpoint =
      written(with({"b", "c"}).metadata("a", "b").metadata("b", "c").metadata("d", "e"));
  EXPECT_THAT(checkpoint.aliases, ElementsAre(Pair("a", "b")));
}

TEST_F(Aliases, ComeFromSharedDatasets) {
  const std::filesystem::path path = folder_ / "state.h5";
  with({"model.embed_tokens.weight", "z"}).write_hdf5(path);
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  ASSERT_GE(
      H5Lcreate_hard(file, "model.embed_tokens.weight", file, "lm_head.weight", H5P_DEFAULT, H5P_DEFAULT), 0);
  ASSERT_GE(H5Lcreate_hard(file, "z", file, "a", H5P_DEFAULT, H5P_DEFAULT), 0);
  H5Fclose(file);

  std::vector<std::string> warnings;
  const Checkpoint checkpoint = open_checkpoint(path, "m", warnings);

  // The head is the alias though it sorts first; without such knowledge the first name stays.
  EXPECT_THAT(checkpoint.aliases,
              ElementsAre(Pair("lm_head.weight", "model.embed_tokens.weight"), Pair("z", "a")));
  EXPECT_EQ(checkpoint.tensors.size(), 2U);
}

}  // namespace
}  // namespace stockpot::checkpoint
