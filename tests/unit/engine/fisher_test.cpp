#include <random>

#include "merge_fixture.hpp"
#include "support/statistics_builder.hpp"

namespace stockpot::engine {
namespace {

/// Three models with Fisher values beside them; one tensor has none, one is longer than a unit.
class Fisher : public MergeFixture {
 protected:
  Fisher() {
    std::mt19937_64 generator(5);
    for (const std::string name : {"m0", "m1", "m2"}) {
      CheckpointBuilder model;
      OutputTensors fisher;
      for (const auto& [tensor, shape] : shapes) {
        const std::uint64_t elements = element_count(shape).value();
        model.add_raw(tensor, DType::bf16, shape, random_floats(DType::bf16, elements, generator));
        if (tensor.find("norm") != std::string::npos) continue;
        std::vector<double> values(elements);
        for (double& value : values) value = std::ldexp(1.0, -static_cast<int>(generator() % 20));
        fisher[tensor] = {DType::f32, shape, stockpot::test::encode(DType::f32, values)};
      }
      write(name, model);
      statistics[name] = fisher;
      write_statistics(name);
    }
    write_recipe(text);
  }

  void write_statistics(const std::string& name) const {
    stockpot::test::write_fisher(folder / (name + ".h5"), folder / name, statistics.at(name));
  }
  /// With one statistics file changed the merge is refused, and nothing stands at the output.
  void expect_refused_with(const std::vector<std::string>& parts) {
    write_statistics("m1");
    expect_refused(ExitCode::input, parts);
    expect_nothing_finished();
  }

  const std::map<std::string, Shape> shapes{{"layers.0.weight", {1100, 2051}},
                                            {"layers.0.norm.weight", {77}},
                                            {"layers.1.bias", {33'001}},
                                            {"layers.1.empty.weight", {0, 4}}};
  const std::string text =
      "merge_method: fisher\nout_dtype: float32\nmodels:\n"
      "  - {model: '@/m0', statistics: '@/m0.h5'}\n"
      "  - {model: '@/m1', statistics: '@/m1.h5', parameters: {weight: 0.5}}\n"
      "  - {model: '@/m2', statistics: '@/m2.h5', parameters: {weight: 2.0}}\n";
  std::map<std::string, OutputTensors> statistics;
};

TEST_F(Fisher, GivesTheSameBytesOnEveryGrid) {
  expect_same_files_on({{1, 1}, {3, 1}, {1, 3}, {2, 2}, {4, 1}});
}

TEST_F(Fisher, NormsStandInTheManifest) {
  merge();
  const nlohmann::json norms = manifest()["diagnostics"]["model"]["fisher_norms"];
  ASSERT_EQ(norms.size(), 3U);
  long double squares = 0.0L;
  for (const auto& [name, tensor] : statistics.at("m1")) {
    for (std::uint64_t e = 0; e < tensor.bytes.size() / sizeof(float); ++e) {
      const long double value = load_as_double(DType::f32, tensor.bytes.data(), e);
      squares += value * value;
    }
  }
  const auto expected = static_cast<double>(std::sqrt(squares));
  EXPECT_NEAR(norms[1].get<double>(), expected, 1e-12 * expected);
  EXPECT_EQ(manifest()["models"].size(), 3U);
}

TEST_F(Fisher, ResumesWithTheNormsThatWereFound) {
  merge();
  const auto expected = read_folder(out);
  std::filesystem::remove_all(out);
  set_fault_plan("write:eio:nth=14");
  EXPECT_EQ(merge_failure().code, ExitCode::system_io);
  set_fault_plan("");
  options.existing = io::ExistingOutput::resume;
  merge();
  EXPECT_TRUE(read_folder(out) == expected);
}

TEST_F(Fisher, OfAnotherModelIsRefused) {
  stockpot::test::write_fisher(folder / "m1.h5", folder / "m2", statistics.at("m1"));
  options.statistics = folder / "geometry.h5";
  expect_refused(ExitCode::input, {"m1.h5", "is of another model", "model_digest"});
  expect_nothing_finished();
  EXPECT_FALSE(std::filesystem::exists(options.statistics));
}

TEST_F(Fisher, BeyondWhatANormHoldsIsRefused) {
  auto& tensor = statistics["m1"]["layers.1.bias"];
  tensor.dtype = DType::f64;
  tensor.bytes = stockpot::test::encode(DType::f64, std::vector<double>(33'001, 1e200));
  expect_refused_with({"the norm of the Fisher values of", "m1", "normalization: none"});
}

TEST_F(Fisher, WithBadValuesIsRefused) {
  for (const double bad : {-1.0, std::nan(""), HUGE_VAL}) {
    auto& tensor = statistics["m1"]["layers.1.bias"];
    store_rounded(DType::f32, tensor.bytes.data(), 32'000, bad);
    expect_refused_with({"m1.h5", "'layers.1.bias'", "negative, NaN or infinite Fisher values"});
  }
}

TEST_F(Fisher, OfSomeModelsOnlyIsRefused) {
  statistics["m1"].erase("layers.1.bias");
  expect_refused_with({"'layers.1.bias'", "some models have a Fisher diagonal", "m1.h5"});
}

TEST_F(Fisher, OfAnotherShapeIsRefused) {
  auto& tensor = statistics["m1"]["layers.1.bias"];
  tensor.shape = {33'000};
  tensor.bytes.resize(33'000 * sizeof(float));
  expect_refused_with({"'layers.1.bias'", "its Fisher diagonal does not fit", "[33000]"});
}

TEST_F(Fisher, MissingFilesAreNamed) {
  std::filesystem::remove(folder / "m1.h5");
  set_grid(1, 3);
  expect_refused(ExitCode::input, {"m1.h5"});
  write_file(folder / "m1.h5", "no statistics");
  expect_refused(ExitCode::input, {"m1.h5"});
}

TEST_F(Fisher, NeedsFilesOfAllModels) {
  write_recipe("merge_method: fisher\nmodels: [{model: '@/m0', statistics: '@/m0.h5'}, {model: '@/m1'}]\n");
  expect_refused(ExitCode::usage, {"statistics is missing for model"});
  write_recipe(
      "merge_method: linear\nmodels: [{model: '@/m0', statistics: '@/m0.h5', parameters: {weight: 1}}]\n");
  expect_refused(ExitCode::usage, {"linear takes no statistics"});
}

}  // namespace
}  // namespace stockpot::engine
