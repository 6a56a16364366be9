#include <algorithm>

#include "merge_fixture.hpp"
#include "stockpot/plan/merge_plan.hpp"

namespace stockpot::engine {
namespace {

const std::filesystem::path golden = std::filesystem::path(__FILE__).parent_path() / "../../golden/methods";

using testing::HasSubstr;

/// Models whose vocabularies differ in size.
class Vocabulary : public MergeFixture {
 protected:
  static CheckpointBuilder model(std::uint64_t rows, std::uint64_t seed, std::uint64_t columns = 8) {
    CheckpointBuilder builder;
    builder.add_random("model.embed_tokens.weight", DType::bf16, {rows, columns}, seed);
    builder.add_random("model.layers.0.mlp.weight", DType::f32, {6, 5}, seed + 1);
    builder.add_random("lm_head.weight", DType::f32, {rows, columns}, seed + 2);
    builder.add_random("lm_head.bias", DType::f32, {rows}, seed + 3);
    builder.config(R"({"vocab_size": )" + std::to_string(rows) + R"(, "hidden_size": 8})");
    return builder;
  }
  [[nodiscard]] std::uint64_t vocab_size() const {
    return nlohmann::json::parse(read_file(out / "config.json"))["vocab_size"];
  }

  /// The run counted what the plan forecast, on every rank.
  void expect_forecast_holds() const {
    const PlannedMerge planned = plan_recipe(recipe, options);
    ASSERT_TRUE(planned.plan);
    const auto ranks = plan::forecast(*planned.plan, planned.models);
    const nlohmann::json run = run_json();
    for (std::size_t r = 0; r < ranks.size(); ++r) {
      const nlohmann::json& bytes = run["per_rank"][r]["bytes"];
      EXPECT_EQ(bytes["read"], ranks[r].traffic.read_bytes) << "rank " << r;
      EXPECT_EQ(bytes["exchanged"], ranks[r].traffic.exchanged_bytes) << "rank " << r;
      EXPECT_EQ(bytes["written"], ranks[r].traffic.written_bytes) << "rank " << r;
    }
  }

  /// Digests in the manifest are those of the tensors as they stand in the output.
  void expect_digests_hold() const {
    const OutputTensors tensors = read_tensors(out);
    for (const auto& [name, entry] : manifest()["tensors"].items()) {
      std::vector<Digest> blocks;
      const std::span<const std::byte> bytes = tensors.at(name).bytes;
      for (std::uint64_t first = 0; first < bytes.size(); first += digest_block_bytes) {
        blocks.push_back(digest_of(
            bytes.subspan(first, std::min<std::uint64_t>(digest_block_bytes, bytes.size() - first))));
      }
      EXPECT_EQ(entry["digest"], tensor_digest(blocks).hex()) << name;
      EXPECT_EQ(entry["shape"].get<Shape>(), tensors.at(name).shape) << name;
    }
  }

  /// The same folder on other grids. How often surveys that select read depends on the values.
  void expect_same_on_every_grid(std::uint64_t models, bool selects = false) {
    set_grid(1, 1);
    merge();
    expect_digests_hold();
    const auto reference = read_folder(out);
    for (const std::uint64_t columns : {std::uint64_t{1}, std::uint64_t{2}, models}) {
      for (const std::uint64_t rows : {1U, 3U}) {
        SCOPED_TRACE(fmt::format("{} x {}", rows, columns));
        set_grid(rows, columns);
        std::filesystem::remove_all(out);
        merge();
        if (!selects) expect_forecast_holds();
        EXPECT_TRUE(read_folder(out) == reference);
      }
    }
    set_grid(1, 1);
  }
};

class GoldenVocabulary : public Vocabulary, public testing::WithParamInterface<const char*> {};

TEST_P(GoldenVocabulary, OutputsAreTheBytesThatNumpyGives) {
  const std::filesystem::path path = golden / "vocabulary" / GetParam();
  std::string text = read_file(path.string() + ".yml");
  for (std::size_t at = text.find("MODELS"); at != std::string::npos; at = text.find("MODELS", at)) {
    text.replace(at, 6, (golden / "models").string());
  }
  write_recipe(text);
  expect_same_on_every_grid(3, path.filename().string().starts_with("ties"));
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
      expect_same_on_every_grid(3, true);
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
  Failure failure = merge_failure();
  EXPECT_EQ(failure.code, ExitCode::input);
  EXPECT_THAT(failure.text, HasSubstr("'lm_head.weight'"));
  EXPECT_THAT(failure.text, HasSubstr("rows 6 to 8 stand in 1 of the models but not in the base model"));
  EXPECT_THAT(failure.text, HasSubstr("`vocabulary: common`"));

  write_recipe("merge_method: uniform_soup\nmodels: [{model: '@/a'}, {model: '@/b'}]\n");
  failure = merge_failure();
  EXPECT_EQ(failure.code, ExitCode::input);
  EXPECT_THAT(failure.text, HasSubstr("`vocabulary: common` merges the rows that all models have"));

  write("c", model(6, 30).add_random("model.layers.0.mlp.weight", DType::f32, {7, 5}, 3));
  write_recipe("merge_method: uniform_soup\nvocabulary: pad\nmodels: [{model: '@/b'}, {model: '@/c'}]\n");
  failure = merge_failure();
  EXPECT_EQ(failure.code, ExitCode::input);
  EXPECT_THAT(failure.text, HasSubstr("'model.layers.0.mlp.weight'")) << "rows of a layer are no tokens";
  expect_nothing_finished();
}

}  // namespace
}  // namespace stockpot::engine
