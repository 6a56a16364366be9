#include <string>

#include "golden_cases.hpp"

namespace stockpot::engine {
namespace {

std::string name_of(const testing::TestParamInfo<std::filesystem::path>& test_info) {
  return test_info.param.stem().string();
}

class GoldenSparsify : public MergeFixture, public testing::WithParamInterface<std::filesystem::path> {};

TEST_P(GoldenSparsify, OutputsAreTheBytesThatNumpyGives) {
  write_golden_statistics(folder.path());
  write_recipe(golden_recipe(GetParam(), folder.path()));
  const bool exact = name_of({GetParam(), 0}).starts_with("dare");
  for (const plan::GridShape& grid : {plan::GridShape{1, 1}, {3, 1}, {1, 2}, {2, 2}}) {
    SCOPED_TRACE(fmt::format("{} x {}", grid.rows, grid.columns));
    set_grid(grid.rows, grid.columns);
    options.plan.memory_bytes.reset();
    if (grid.ranks() == 4) options.plan.memory_bytes = smallest_memory();
    merge();
    expect_same_tensors(read_tensors(out), golden_output(GetParam()));
    expect_forecast_holds(exact);
    std::filesystem::remove_all(out);
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenSparsify, testing::ValuesIn(golden_cases("sparsified")), name_of);

class Sparsify : public MergeFixture {
 protected:
  void write_models(const std::vector<double>& base, const std::vector<std::vector<double>>& tuned) const {
    const auto model = [](const std::vector<double>& values) {
      return CheckpointBuilder().add("model.layers.0.w", DType::f64, {values.size()}, values);
    };
    write("base", model(base));
    for (std::size_t i = 0; i < tuned.size(); ++i) write(fmt::format("m{}", i), model(tuned[i]));
  }
  std::vector<double> merged() const {
    merge();
    const auto tensors = read_tensors(out);
    std::filesystem::remove_all(out);
    const std::vector<std::byte>& bytes = tensors.at("model.layers.0.w").bytes;
    std::vector<double> values(bytes.size() / sizeof(double));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
};

const std::string two_models = "base_model: @/base\nmodels: [{model: @/m0}, {model: @/m1}]\n";

TEST_F(Sparsify, DroppedEntriesAreTheBaseModelsToTheBit) {
  write_models({-0.0, 1.0, 0.1, 3.0}, {{5.0, 1.0, 0.2, 4.0}, {1.0, 1.5, 0.1, 3.0}});
  write_recipe("merge_method: linear\nparameters: {weight: 1}\nsparsify: {method: ties, density: 0.25}\n" +
               two_models);
  // Of each model one entry of four stays: 5 - -0.0 and 1 - -0.0.
  EXPECT_EQ(merged(), (std::vector<double>{3.0, 1.0, 0.1, 3.0}));
}

TEST_F(Sparsify, AListedBaseModelIsAnIngredientThatStaysAsItIs) {
  write_models({1.0, 1.0, 1.0, 1.0}, {{5.0, 1.0, 2.0, 1.0}});
  write_recipe(
      "merge_method: linear\nparameters: {weight: 1}\nsparsify: {method: ties, density: 0.25}\n"
      "base_model: @/base\nmodels: [{model: @/base}, {model: @/m0}]\n");
  for (const plan::GridShape& grid : {plan::GridShape{1, 1}, {1, 2}}) {
    set_grid(grid.rows, grid.columns);
    EXPECT_EQ(merged(), (std::vector<double>{3.0, 1.0, 1.0, 1.0}));
  }
}

TEST_F(Sparsify, ScopesOfThinningAndMethodMayDiffer) {
  // The third entry is the largest change of the tensor; the model keeps one of eight.
  CheckpointBuilder base;
  CheckpointBuilder tuned;
  for (const std::string name : {"model.layers.0.w", "model.layers.1.w"}) {
    base.add(name, DType::f64, {4}, {0.0, 0.0, 0.0, 0.0});
    const double largest = name == "model.layers.0.w" ? 2.0 : 4.0;
    tuned.add(name, DType::f64, {4}, {0.5, 0.0, largest, 1.0});
  }
  write("base", base);
  write("m0", tuned);
  write("m1", tuned);
  for (const std::string thinning : {"tensor", "model"}) {
    for (const std::string scope : {"tensor", "layer", "model"}) {
      SCOPED_TRACE(thinning + ", " + scope);
      write_recipe("merge_method: model_stock\nscope: " + scope + "\nsparsify: {method: ties, density: " +
                   (thinning == "tensor" ? "0.25" : "0.125") + ", scope: " + thinning + "}\n" + two_models);
      const double kept = thinning == "tensor" ? 2.0 : 0.0;
      EXPECT_EQ(merged(), (std::vector<double>{0.0, 0.0, kept, 0.0}));
    }
  }
}

TEST_F(Sparsify, SlicesOfAMethodWithoutBaseModelAreRefused) {
  write_models({1.0, 2.0}, {{2.0, 2.0}});
  write_recipe(
      "merge_method: passthrough\nbase_model: @/base\nsparsify: {method: dare, drop: 0.5}\n"
      "slices: [{sources: [{model: @/m0, layer_range: [0, 1]}]}]\n");
  expect_refused(ExitCode::usage, {"sparsify", "slices"});
  expect_nothing_finished();
}

TEST_F(Sparsify, TheManifestReportsWhatTheMethodFound) {
  write_models({0.0, 0.0, 0.0, 0.0}, {{1.0, 0.0, 2.0, 0.0}, {1.0, 0.0, -2.0, 0.0}});
  write_recipe("merge_method: model_stock\nsparsify: {method: ties, density: 0.5, scope: model}\n" +
               two_models);
  merge();
  const nlohmann::json diagnostics = manifest()["diagnostics"];
  ASSERT_TRUE(diagnostics.contains("model.layers.0.w")) << diagnostics;
  EXPECT_DOUBLE_EQ(diagnostics["model.layers.0.w"]["cosines"][0][1].get<double>(), -0.6);
}

}  // namespace
}  // namespace stockpot::engine
