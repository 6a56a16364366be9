#include <fmt/format.h>

#include <cmath>
#include <random>

#include "merge_fixture.hpp"
#include "support/statistics_builder.hpp"

namespace stockpot::engine {
namespace {

using stockpot::test::WrittenMatrix;

/// Three models and a base with Gram matrices beside them: of layers of both layouts, of a packed projection,
/// of a vector, and of a layer that several ranks share. What is computed is compared in
/// tests/python/solves.py.
class Solves : public MergeFixture {
 protected:
  Solves() {
    for (const std::string name : {"base", "m0", "m1", "m2"}) {
      CheckpointBuilder model;
      for (const auto& [tensor, shape] : shapes) {
        const std::uint64_t elements = element_count(shape).value();
        model.add_raw(tensor, DType::bf16, shape, random_floats(DType::bf16, elements, generator));
      }
      write(name, model);
      if (name == "base") continue;
      matrices[name] = {
          gram(io::StatisticKind::gram, "layers.0.fc", 40),
          gram(io::StatisticKind::gram, "layers.0.attention.in_proj", 16),
          gram(io::StatisticKind::gram, "layers.1.conv", 30),
          gram(io::StatisticKind::gram, "layers.2.long", 128),
          gram(io::StatisticKind::gram_output, "layers.0.fc", 70),
          gram(io::StatisticKind::gram_output, "layers.1.conv", 22),
          gram(io::StatisticKind::fisher_block, "layers.0.vector", 25),
      };
      matrices[name][2].weight_layout = io::WeightLayout::in_out;
      write_statistics(name);
    }
  }

  /// X^T X of more rows than columns, packed.
  WrittenMatrix gram(io::StatisticKind kind, const std::string& name, std::uint64_t order) {
    std::normal_distribution<double> normal;
    std::vector<double> x(2 * order * order);
    for (double& value : x) value = normal(generator);
    WrittenMatrix matrix{kind, name, order, {}, io::WeightLayout::out_in};
    for (std::uint64_t i = 0; i < order; ++i) {
      for (std::uint64_t j = 0; j <= i; ++j) {
        double sum = 0.0;
        for (std::uint64_t row = 0; row < 2 * order; ++row) sum += x[row * order + i] * x[row * order + j];
        matrix.values.push_back(sum / static_cast<double>(2 * order));
      }
    }
    return matrix;
  }

  void write_statistics(const std::string& name) const {
    stockpot::test::write_matrices(folder / (name + ".h5"), folder / name, matrices.at(name));
  }
  void use(const std::string& method, const std::string& parameters = "{}") const {
    std::string text =
        "merge_method: " + method + "\nout_dtype: float32\nparameters: " + parameters + "\nmodels:\n";
    for (const char* const model : {"m0", "m1", "m2"}) {
      text += fmt::format("  - {{model: '@/{0}', statistics: '@/{0}.h5'}}\n", model);
    }
    write_recipe(text + (method == "mats" ? "base_model: '@/base'\n" : ""));
  }
  /// With one statistics file changed the merge is refused, and nothing stands at the output.
  void expect_refused_with(const std::vector<std::string>& parts) {
    write_statistics("m1");
    expect_refused(ExitCode::input, parts);
    expect_nothing_finished();
  }

  std::mt19937_64 generator{11};
  const std::map<std::string, Shape> shapes{{"layers.0.fc.weight", {70, 40}},
                                            {"layers.0.fc.bias", {70}},
                                            {"layers.0.attention.in_proj_weight", {48, 16}},
                                            {"layers.0.vector", {25}},
                                            {"layers.1.conv.weight", {30, 22}},
                                            {"layers.2.long.weight", {17'000, 128}}};
  std::map<std::string, std::vector<WrittenMatrix>> matrices;
};

TEST_F(Solves, GiveTheSameBytesOnEveryGrid) {
  for (const auto& [method, parameters] :
       {std::pair{"regmean", "{alpha: 0.7}"},
        {"mats", "{iterations: 3}"},
        {"mats", "{objective: kfac, iterations: 3, preconditioner: jacobi}"},
        {"mats", "{objective: block, init: average, iterations: 3}"}}) {
    SCOPED_TRACE(fmt::format("{} {}", method, parameters));
    use(method, parameters);
    expect_same_files_on({{1, 1}, {3, 1}, {1, 3}, {2, 2}});
  }
}

TEST_F(Solves, OfFactorsInScratchFilesGiveTheSameBytesOnEveryGrid) {
  use("regmean", "{alpha: 0.7}");
  merge();
  const OutputTensors held = read_tensors(out);
  std::filesystem::remove_all(out);
  options.plan.largest_held_order = 20;
  std::map<std::string, std::string> reference;
  for (const auto& [rows, columns] : {std::pair{1, 1}, {3, 1}, {1, 3}, {2, 2}}) {
    SCOPED_TRACE(fmt::format("{} x {}", rows, columns));
    set_grid(static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(columns));
    merge();
    expect_forecast_holds();
    const auto files = read_folder(out);
    if (reference.empty()) reference = files;
    EXPECT_TRUE(files == reference);
    const OutputTensors stored = read_tensors(out);
    for (const auto& [name, tensor] : held) {
      for (std::uint64_t e = 0; e < tensor.bytes.size() / sizeof(float); ++e) {
        const double expected = load_as_double(DType::f32, tensor.bytes.data(), e);
        const double found = load_as_double(DType::f32, stored.at(name).bytes.data(), e);
        ASSERT_NEAR(found, expected, 1e-6 * std::max(1.0, std::fabs(expected))) << name << " " << e;
      }
    }
    std::filesystem::remove_all(out);
  }
}

TEST_F(Solves, PlanSaysHowMuchScratchSpaceTheyTake) {
  use("regmean");
  set_grid(1, 1);
  EXPECT_EQ(plan::forecast(*plan_recipe(recipe, options).plan, plan_recipe(recipe, options).models)[0]
                .scratch_bytes,
            0U);
  options.plan.largest_held_order = 127;
  options.plan.threads = 1;
  const PlannedMerge planned = plan_recipe(recipe, options);
  const std::uint64_t panel_bytes = 128 * 128 * sizeof(double);
  EXPECT_EQ(plan::forecast(*planned.plan, planned.models)[0].scratch_bytes, 2 * panel_bytes);
}

TEST_F(Solves, ResumeToTheSameBytes) {
  use("regmean");
  merge();
  const auto expected = read_folder(out);
  std::filesystem::remove_all(out);
  set_fault_plan("write:eio:nth=6");
  EXPECT_EQ(merge_failure().code, ExitCode::system_io);
  set_fault_plan("");
  options.existing = io::ExistingOutput::resume;
  merge();
  EXPECT_TRUE(read_folder(out) == expected);
}

TEST_F(Solves, SayWhatTheyDid) {
  std::vector<WrittenMatrix>& own = matrices["m1"];
  for (const std::string model : {"m0", "m1", "m2"}) {
    WrittenMatrix& fc = matrices[model][0];
    for (std::uint64_t i = 0; i < fc.dimension; ++i) {  // input 5 never occurs
      fc.values[io::triangle_elements(std::max<std::uint64_t>(i, 5)) + std::min<std::uint64_t>(i, 5)] = 0.0;
    }
    // Every input is the same.
    matrices[model][1].values.assign(io::triangle_elements(16), 1.0);
    write_statistics(model);
  }
  use("regmean", "{alpha: 1.0}");
  for (const std::uint64_t largest_held_order : {8192U, 10U}) {
    options.plan.largest_held_order = largest_held_order;
    merge();
    const nlohmann::json document = manifest();
    EXPECT_EQ(document["diagnostics"]["layers.0.fc.weight"],
              (nlohmann::json{{"factorization", "cholesky"}, {"dead_inputs", 1}}));
    EXPECT_EQ(document["diagnostics"]["layers.0.attention.in_proj_weight"]["factorization"], "ridge");
    EXPECT_EQ(document["library_results"].size(), own.size() - 3);
    EXPECT_FALSE(document["diagnostics"].contains("layers.0.fc.bias"));
    std::filesystem::remove_all(out);
  }
}

TEST_F(Solves, WithoutAFactorAreRefused) {
  use("regmean", "{alpha: 1.0, ridge: 0.0}");
  for (const std::string model : {"m0", "m1", "m2"}) {
    matrices[model][1].values.assign(io::triangle_elements(16), 1.0);
    write_statistics(model);
  }
  expect_refused(ExitCode::input,
                 {"'layers.0.attention.in_proj_weight'", "is not positive definite", "ridge:"});
  expect_nothing_finished();
}

TEST_F(Solves, RefuseMatricesOfAnotherModel) {
  use("regmean");
  stockpot::test::write_matrices(folder / "m1.h5", folder / "m2", matrices.at("m1"));
  expect_refused(ExitCode::input, {"m1.h5", "is of another model", "model_digest"});
  expect_nothing_finished();
}

TEST_F(Solves, RefuseMatricesOfSomeModels) {
  matrices["m1"].erase(matrices["m1"].begin());
  use("regmean");
  expect_refused_with({"'layers.0.fc.weight'", "some models have a Gram matrix of it", "m1.h5"});
  matrices["m1"].push_back(gram(io::StatisticKind::gram, "layers.0.fc", 40));
  matrices["m1"].erase(matrices["m1"].begin() + 3);
  use("mats", "{objective: kfac}");
  expect_refused_with({"'layers.0.fc.weight'", "a Gram matrix of output gradients", "m1.h5"});
}

TEST_F(Solves, RefuseMatricesThatDoNotFit) {
  use("regmean");
  const std::vector<WrittenMatrix> good = matrices["m1"];
  matrices["m1"][0] = gram(io::StatisticKind::gram, "layers.0.fc", 41);
  expect_refused_with({"'layers.0.fc.weight'", "'gram/layers.0.fc' of 41 rows", "m1.h5", "[70, 40]"});
  matrices["m1"] = good;
  matrices["m1"][2].weight_layout = io::WeightLayout::out_in;
  expect_refused_with({"'layers.1.conv.weight'", "weight_layout out_in", "m1.h5"});
}

TEST_F(Solves, RefuseBadValues) {
  use("mats");
  const std::vector<WrittenMatrix> good = matrices["m1"];
  for (const auto& [value, index, words] :
       {std::tuple{std::nan(""), 1, "element [1, 0] is NaN"}, {-1.0, 2, "element [1, 1] is negative"}}) {
    for (const std::uint64_t columns : {1U, 3U}) {
      set_grid(1, columns);
      matrices["m1"] = good;
      matrices["m1"][0].values[static_cast<std::size_t>(index)] = value;
      expect_refused_with({"m1.h5", "gram/layers.0.fc", words});
    }
  }
  set_grid(2, 1);
  matrices["m1"] = good;
  WrittenMatrix& fc = matrices["m1"][0];
  fc.values.assign(40 * 40, 0.0);
  for (std::size_t i = 0; i < 40; ++i) fc.values[41 * i] = 1.0;
  fc.values[3] = 0.01;
  expect_refused_with({"m1.h5", "gram/layers.0.fc", "is not symmetric"});
}

TEST_F(Solves, NeedABaseModelForSomeStarts) {
  std::string text = "merge_method: mats\nmodels:\n";
  for (const char* const model : {"m0", "m1"})
    text += fmt::format("  - {{model: '@/{0}', statistics: '@/{0}.h5'}}\n", model);
  write_recipe(text);
  expect_refused(ExitCode::usage, {"init: task_arithmetic needs a base_model", "average and zero"});
  write_recipe(text + "parameters: {init: average}\n");
  merge();
}

TEST_F(Solves, RefuseWeightsThatSumToZero) {
  write_recipe(
      "merge_method: regmean\nmodels:\n  - {model: '@/m0', statistics: '@/m0.h5'}\n"
      "  - {model: '@/m1', statistics: '@/m1.h5', parameters: {weight: -1}}\n");
  expect_refused(ExitCode::usage, {"the weights sum to zero"});
}

}  // namespace
}  // namespace stockpot::engine
