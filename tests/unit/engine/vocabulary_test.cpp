#include "vocabulary_fixture.hpp"

namespace stockpot::engine {
namespace {

const std::filesystem::path golden = std::filesystem::path(__FILE__).parent_path() / "../../golden/methods";

class GoldenVocabulary : public Vocabulary, public testing::WithParamInterface<const char*> {};

TEST_P(GoldenVocabulary, OutputsAreTheBytesThatNumpyGives) {
  const std::filesystem::path path = golden / "vocabulary" / GetParam();
  std::string text = read_file(path.string() + ".yml");
  for (std::size_t at = text.find("MODELS"); at != std::string::npos; at = text.find("MODELS", at)) {
    text.replace(at, 6, (golden / "models").string());
  }
  write_recipe(text);
  expect_same_on_every_grid(3, !path.filename().string().starts_with("ties"));
  expect_same_tensors(read_tensors(out), read_tensors(path.string() + ".safetensors"));
}

INSTANTIATE_TEST_SUITE_P(Every, GoldenVocabulary,
                         testing::Values("linear_common", "linear_pad", "linear_pad_sum", "uniform_soup_pad",
                                         "ties_common", "model_stock_common"),
                         [](const auto& test_info) { return std::string(test_info.param); });

TEST(VocabularyCases, AreAllRun) {
  std::size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(golden / "vocabulary")) {
    if (entry.path().extension() == ".yml") ++cases;
  }
  EXPECT_EQ(cases, 6U);
}

TEST_F(Vocabulary, RowsGoToTheModelsThatHaveThem) {
  write("a", model(4, 10));
  write("b", model(7, 20));
  write_recipe("merge_method: uniform_soup\nvocabulary: pad\nmodels: [{model: '@/a'}, {model: '@/b'}]\n");
  expect_same_on_every_grid(2);
  const OutputTensors merged = read_tensors(out);
  const auto a = model(4, 10).values("lm_head.weight");
  const auto b = model(7, 20).values("lm_head.weight");
  const auto bias = model(7, 20).values("lm_head.bias");
  ASSERT_EQ(merged.at("lm_head.weight").shape, (Shape{7, 8}));
  for (std::size_t e = 0; e < b.size(); ++e) {
    const double expected = e < a.size() ? (a[e] + b[e]) / 2.0 : b[e];
    EXPECT_EQ(load_as_double(DType::f32, merged.at("lm_head.weight").bytes.data(), e),
              static_cast<double>(static_cast<float>(expected)));
  }
  ASSERT_EQ(merged.at("lm_head.bias").shape, (Shape{7}));
  EXPECT_EQ(load_as_double(DType::f32, merged.at("lm_head.bias").bytes.data(), 6), bias[6]);
  EXPECT_EQ(vocab_size(), 7U) << "config.json follows";
}

TEST_F(Vocabulary, CommonRowsGiveTheConfigsSize) {
  write("a", model(9, 10));
  write("b", model(7, 20));
  write_recipe("merge_method: uniform_soup\nvocabulary: common\nmodels: [{model: '@/a'}, {model: '@/b'}]\n");
  merge();
  EXPECT_EQ(vocab_size(), 7U);
  EXPECT_EQ(read_tensors(out).at("model.embed_tokens.weight").shape, (Shape{7, 8}));
  expect_digests_hold();
}

TEST_F(Vocabulary, EqualSizesChangeNothing) {
  write("a", model(4, 10));
  write("b", model(4, 20));
  const std::string rest = "merge_method: uniform_soup\nmodels: [{model: '@/a'}, {model: '@/b'}]\n";
  write_recipe(rest);
  merge();
  const auto expected = read_tensors(out);
  for (const std::string policy : {"common", "pad"}) {
    write_recipe("vocabulary: " + policy + "\n" + rest);
    std::filesystem::remove_all(out);
    merge();
    expect_same_tensors(read_tensors(out), expected);
  }
}

TEST_F(Vocabulary, TensorsOfManyDigestBlocksAreDigestedWhole) {
  // 2 bytes x 300 columns: the first block of rows ends amid the tensor's second digest block.
  const std::uint64_t columns = 300;
  write("a", model(9'000, 10, columns));
  write("b", model(9'003, 20, columns));
  write("c", model(17'000, 30, columns));
  write_recipe(
      "merge_method: linear\nvocabulary: pad\nmodels:\n  - {model: '@/a', parameters: {weight: 1}}\n"
      "  - {model: '@/b', parameters: {weight: 2}}\n  - {model: '@/c', parameters: {weight: 3}}\n");
  expect_same_on_every_grid(3);
}

TEST_F(Vocabulary, StatisticsOfRowsThatNotAllHaveStandAlone) {
  write("base", model(9, 1));
  write("a", model(6, 10));
  write("b", model(9, 20));
  for (const std::string scope : {"tensor", "layer", "model"}) {
    for (const std::string method : {"ties", "dare_linear", "sce"}) {
      SCOPED_TRACE(scope + " " + method);
      const std::string parameters = method == "sce" ? "" : ", parameters: {weight: 0.7, density: 0.5}";
      write_recipe("merge_method: " + method + "\nvocabulary: pad\nscope: " + scope +
                   (method == "sce" ? "\nparameters: {select_topk: 0.5}" : "") +
                   "\nbase_model: '@/base'\nmodels:\n  - {model: '@/a'" + parameters +
                   "}\n  - {model: '@/b'" + parameters + "}\n");
      std::filesystem::remove_all(out);
      expect_same_on_every_grid(3, false);
      const nlohmann::json diagnostics = manifest()["diagnostics"];
      if (method != "ties") continue;
      EXPECT_TRUE(diagnostics.contains("lm_head.weight[48:72]")) << diagnostics.dump();
      EXPECT_EQ(diagnostics["lm_head.weight[48:72]"]["kept"], nlohmann::json({12.0}));
    }
  }
}

TEST_F(Vocabulary, RowsOfTheBaseModelAloneAreItsOwn) {
  write("base", model(9, 1));
  write("a", model(6, 10));
  write_recipe(
      "merge_method: task_arithmetic\nvocabulary: pad\nbase_model: '@/base'\n"
      "models: [{model: '@/a', parameters: {weight: 0.5}}]\n");
  expect_same_on_every_grid(2);
  const auto base = model(9, 1).values("model.embed_tokens.weight");
  const auto merged = read_tensors(out).at("model.embed_tokens.weight");
  for (std::size_t e = 48; e < 72; ++e)
    EXPECT_EQ(load_as_double(DType::bf16, merged.bytes.data(), e), base[e]);
}

TEST_F(Vocabulary, AFileOfHdf5HoldsTheWholeTensors) {
  write("a", model(4, 10));
  write("b", model(7, 20));
  write_recipe("merge_method: uniform_soup\nvocabulary: pad\nmodels: [{model: '@/a'}, {model: '@/b'}]\n");
  merge();
  const auto expected = read_tensors(out);
  options.output = folder / "out.h5";
  options.plan.format = plan::OutputFormat::hdf5;
  merge();
  expect_same_tensors(read_tensors(options.output), expected);
}

TEST_F(Vocabulary, WhatCannotBeMadeIsRefused) {
  write("base", model(6, 1));
  write("a", model(9, 10));
  write("b", model(6, 20));
  const std::string models = "\nbase_model: '@/base'\nmodels: [{model: '@/a'}, {model: '@/b'}]\n";
  write_recipe("merge_method: model_stock\nvocabulary: pad" + models);
  expect_refused(ExitCode::input,
                 {"'lm_head.weight'", "rows 6 to 8 stand in 1 of the models but not in the base model",
                  "`vocabulary: common`"});

  write_recipe("merge_method: uniform_soup\nmodels: [{model: '@/a'}, {model: '@/b'}]\n");
  expect_refused(ExitCode::input, {"`vocabulary: common` merges the rows that all models have"});

  // Rows of a layer are no tokens.
  write("c", model(6, 30).add_random("model.layers.0.mlp.weight", DType::f32, {7, 5}, 3));
  write_recipe("merge_method: uniform_soup\nvocabulary: pad\nmodels: [{model: '@/b'}, {model: '@/c'}]\n");
  expect_refused(ExitCode::input, {"'model.layers.0.mlp.weight'"});
  expect_nothing_finished();
}

TEST_F(Vocabulary, OneModelsEmbeddingsCanBeKept) {
  write("a", model(4, 10));
  write("b", model(7, 20));
  write_recipe(
      "merge_method: uniform_soup\nexclude: ['embed_tokens', '^lm_head']\nkeep_from: '@/b'\n"
      "models: [{model: '@/a'}, {model: '@/b'}]\n");
  merge();
  const OutputTensors merged = read_tensors(out);
  const OutputTensors b = read_tensors(folder / "b");
  for (const std::string name : {"model.embed_tokens.weight", "lm_head.weight", "lm_head.bias"})
    EXPECT_TRUE(merged.at(name).bytes == b.at(name).bytes) << name;
  EXPECT_FALSE(merged.at("model.layers.0.mlp.weight").bytes == b.at("model.layers.0.mlp.weight").bytes);
}

TEST_F(Vocabulary, TokenizerBlocksAreRefusedWithTheWayOut) {
  write("a", model(4, 10));
  write("b", model(7, 20));
  const std::string rest = "merge_method: uniform_soup\nmodels: [{model: '@/a'}, {model: '@/b'}]\n";
  write_recipe("tokenizer: {source: union}\n" + rest);
  expect_refused(ExitCode::usage, {"tokenizer blocks are not supported",
                                   "`vocabulary: common` or `vocabulary: pad`", "`keep_from: MODEL`"});

  write_recipe("tokenizer_source: union\n" + rest);
  expect_refused(ExitCode::usage,
                 {"a union of tokenizers is not supported", "`vocabulary: pad`", "`keep_from: MODEL`"});
  expect_nothing_finished();
}

}  // namespace
}  // namespace stockpot::engine
