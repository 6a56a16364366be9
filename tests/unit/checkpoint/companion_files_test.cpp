#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expect_error.hpp"
#include "stockpot/checkpoint/companion_files.hpp"
#include "stockpot/io/file.hpp"
#include "support/temporary_folder.hpp"

namespace stockpot::checkpoint {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(CompanionFiles, AreTheKnownOnesThatArePresent) {
  const test::TemporaryFolder folder;
  for (const char* name : {"tokenizer.json", "config.json", "modeling_x.py", "LICENSE", "README.md",
                           "model.safetensors", "generation_config.json", "chat_template.jinja"}) {
    io::write_text(folder / name, "x", false);
  }
  std::filesystem::create_directory(folder / "vocab.json");

  EXPECT_THAT(companion_files(folder.path()),
              ElementsAre(CompanionFile{"chat_template.jinja", CompanionKind::tokenizer},
                          CompanionFile{"config.json", CompanionKind::config},
                          CompanionFile{"generation_config.json", CompanionKind::other},
                          CompanionFile{"tokenizer.json", CompanionKind::tokenizer}));
  EXPECT_THAT(companion_files(""), IsEmpty());
  EXPECT_THAT(companion_files(folder / "nowhere"), IsEmpty());
}

std::string merged(const std::string& config, const ConfigChanges& changes) {
  return merged_config(config, changes, "config.json");
}

ConfigChanges dtype_change(DType dtype) {
  ConfigChanges changes;
  changes.dtype = dtype;
  return changes;
}

ConfigChanges layer_change(std::vector<std::uint64_t> layers) {
  ConfigChanges changes;
  changes.layers = std::move(layers);
  return changes;
}

TEST(MergedConfig, KeepsKeysOrderAndValues) {
  const std::string config = R"({
  "zeta": 1e-05,
  "alpha": [
    1,
    2.0,
    "ü"
  ],
  "limits": [
    0.0,
    Infinity,
    -Infinity,
    NaN
  ],
  "text": "NaN, \"Infinity\" and \\",
  "nothing": null
}
)";
  EXPECT_EQ(merged(config, {}), config);
  EXPECT_EQ(merged("", dtype_change(DType::f32)), "");
}

TEST(MergedConfig, SetsTheDtypeUnderTheKeyInUse) {
  EXPECT_EQ(merged(R"({"torch_dtype": "float32", "a": 1})", dtype_change(DType::bf16)),
            "{\n  \"torch_dtype\": \"bfloat16\",\n  \"a\": 1\n}\n");
  EXPECT_EQ(merged(R"({"dtype": "float32"})", dtype_change(DType::f16)), "{\n  \"dtype\": \"float16\"\n}\n");
  EXPECT_EQ(merged("{}", dtype_change(DType::f64)), "{\n  \"torch_dtype\": \"float64\"\n}\n");
  EXPECT_EQ(merged(R"({"text_config": {"dtype": "x"}, "quantization_config": {"dtype": "kept"}})",
                   dtype_change(DType::bf16)),
            "{\n  \"text_config\": {\n    \"dtype\": \"bfloat16\"\n  },\n  \"quantization_config\": {\n    "
            "\"dtype\": \"kept\"\n  }\n}\n");
}

TEST(MergedConfig, CountsAndPicksLayers) {
  EXPECT_EQ(merged(R"({"num_hidden_layers": 3, "layer_types": ["a", "b", "c"], "n_layer": 9})",
                   layer_change({0, 1, 1, 2})),
            "{\n  \"num_hidden_layers\": 4,\n  \"layer_types\": [\n    \"a\",\n    \"b\",\n    \"b\",\n    "
            "\"c\"\n  ],\n"
            "  \"n_layer\": 9\n}\n");
  for (const char* key : {"n_layer", "num_layers", "n_layers"}) {
    EXPECT_THAT(merged(std::string("{\"") + key + "\": 2}", layer_change({1})),
                HasSubstr(std::string("\"") + key + "\": 1\n"));
  }
  EXPECT_THAT(
      merged(R"({"vision_config": {"num_hidden_layers": 7}, "text_config": {"num_hidden_layers": 2}})",
             layer_change({0, 1, 0})),
      testing::AllOf(HasSubstr("\"num_hidden_layers\": 7"), HasSubstr("\"num_hidden_layers\": 3")));
  expect_error(ExitCode::input, {"config.json", "2 layers", "layer 2"},
               [] { merged(R"({"num_layers": 2})", layer_change({2})); });
}

TEST(MergedConfig, MakesTheOtherChangesWhereTheKeysStand) {
  ConfigChanges changes;
  changes.vocabulary = 10;
  changes.tied_embeddings = false;
  changes.dequantised = true;
  EXPECT_EQ(
      merged(R"({"vocab_size": 8, "tie_word_embeddings": true, "quantization_config": {"a": 1}})", changes),
      "{\n  \"vocab_size\": 10,\n  \"tie_word_embeddings\": false\n}\n");
  EXPECT_EQ(merged(R"({"text_config": {"vocab_size": 8, "quantization_config": 1}})", changes),
            "{\n  \"text_config\": {\n    \"vocab_size\": 10\n  }\n}\n");
  EXPECT_THAT(merged(R"({"a": 1})", changes), Not(HasSubstr("vocab")));
}

TEST(MergedConfig, RefusesBrokenAndHostileText) {
  for (const std::string& text : {std::string("{"), std::string("[]"), std::string("{\"a\": nan}"),
                                  std::string("\xff"), "{\"a\": " + std::string(1'000'000, '[')}) {
    expect_error(ExitCode::input, {"config.json"}, [&] { merged(text, {}); });
  }
}

}  // namespace
}  // namespace stockpot::checkpoint
