#include <atomic>
#include <limits>

#include "merge_fixture.hpp"

namespace stockpot::engine {
namespace {

using testing::HasSubstr;

/// Two models of a few tensors, merged with equal weights on every small grid.
class Failures : public MergeFixture {
 protected:
  static CheckpointBuilder model(std::uint64_t seed) {
    CheckpointBuilder builder;
    for (int layer = 0; layer < 4; ++layer) {
      builder.add_random(fmt::format("model.layers.{}.weight", layer), DType::bf16, {50, 60},
                         seed * 10 + static_cast<std::uint64_t>(layer));
    }
    return builder.add_random("model.ids", DType::i32, {9}, 5);
  }
  Failures() {
    write("a", model(1));
    write("b", model(2));
    write_recipe("merge_method: uniform_soup\nmodels: [{model: @/a}, {model: @/b}]\n");
  }

  /// Runs the merge on several grids; each must fail alike on every rank and leave nothing that looks
  /// finished.
  void expect_failure_everywhere(ExitCode code, const std::vector<std::string>& parts) {
    for (const auto& [rows, columns] : {std::pair{1U, 1U}, {3U, 1U}, {1U, 2U}, {2U, 2U}}) {
      for (const plan::Exchange exchange : {plan::Exchange::tiles, plan::Exchange::sums}) {
        SCOPED_TRACE(
            fmt::format("{} x {} {}", rows, columns, exchange == plan::Exchange::tiles ? "tiles" : "sums"));
        set_grid(rows, columns);
        options.plan.exchange = exchange;
        const Failure failure = merge_failure();
        EXPECT_EQ(failure.code, code) << failure.text;
        for (const std::string& part : parts) EXPECT_THAT(failure.text, HasSubstr(part));
        expect_nothing_finished();
        if (code == ExitCode::input || code == ExitCode::usage) {
          EXPECT_FALSE(std::filesystem::exists(io::partial_path(out)));
        }
        std::filesystem::remove_all(io::partial_path(out));
      }
    }
  }
};

TEST_F(Failures, NanIsNamed) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const std::string bad : {"a", "b"}) {
    std::vector<double> values(3000, 0.5);
    values[2999] = nan;
    write(bad, model(3).add("model.layers.3.weight", DType::bf16, {50, 60}, values));
    expect_failure_everywhere(
        ExitCode::input,
        {"model.layers.3.weight", (folder / bad).string() + "/model.safetensors", "NaN", "--nonfinite"});
    write(bad, model(1));
  }
}

TEST_F(Failures, NanOfAnyModelIsNamedWhereSumsPass) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  write("c", model(7));
  write_recipe(
      "merge_method: task_arithmetic\nbase_model: @/a\nmodels: [{model: @/b, parameters: {weight: 1}}, "
      "{model: @/c, parameters: {weight: 1}}]\n");
  for (const std::string bad : {"a", "b", "c"}) {
    std::vector<double> values(3000, 0.5);
    values[17] = nan;
    write(bad, model(3).add("model.layers.0.weight", DType::bf16, {50, 60}, values));
    for (const std::uint64_t columns : {1U, 2U, 3U}) {
      SCOPED_TRACE(fmt::format("{} in {} columns", bad, columns));
      set_grid(1, columns);
      options.plan.exchange = plan::Exchange::sums;
      const Failure failure = merge_failure();
      EXPECT_EQ(failure.code, ExitCode::input) << failure.text;
      EXPECT_THAT(failure.text, HasSubstr((folder / bad).string() + "/model.safetensors"));
      EXPECT_THAT(failure.text, HasSubstr("model.layers.0.weight"));
      EXPECT_THAT(failure.text, HasSubstr("1 NaN or infinite"));
      std::filesystem::remove_all(io::partial_path(out));
    }
    write(bad, model(1));
  }
}

TEST_F(Failures, NanPassesWhereThePolicySaysSo) {
  write("b", model(2).add("model.layers.1.weight", DType::bf16, {50, 60},
                          {std::numeric_limits<double>::infinity()}));
  for (const NonfinitePolicy policy : {NonfinitePolicy::warn, NonfinitePolicy::allow}) {
    for (const plan::Exchange exchange : {plan::Exchange::tiles, plan::Exchange::sums}) {
      options.nonfinite = policy;
      options.plan.exchange = exchange;
      set_grid(1, 2);
      EXPECT_EQ(merge().nonfinite, 3000U);
      std::filesystem::remove_all(out);
    }
  }
}

TEST_F(Failures, OverflowOfTheOutputIsNamed) {
  CheckpointBuilder large = model(1).add("model.layers.2.weight", DType::bf16, {50, 60}, {1e30});
  write("a", large);
  write("b", large);
  options.dtype = DType::f16;
  expect_failure_everywhere(ExitCode::input, {"model.layers.2.weight", "overflow", "F16"});
}

TEST_F(Failures, IntegersThatDisagreeAreNamed) {
  write("b", model(2).add_random("model.ids", DType::i32, {9}, 6));
  expect_failure_everywhere(ExitCode::input,
                            {"model.ids", (folder / "b").string(), (folder / "a").string(), "I32"});
}

TEST_F(Failures, EveryTensorThatDoesNotFitIsListed) {
  write("b", model(2)
                 .remove("model.layers.0.weight")
                 .add("model.layers.1.weight", DType::bf16, {50, 61}, {1})
                 .add("model.layers.2.weight", DType::i32, {50, 60}, {1})
                 .add("model.extra", DType::bf16, {1}, {1}));
  expect_failure_everywhere(ExitCode::input,
                            {"4 problems", "'model.layers.0.weight'", "is missing", "'model.layers.1.weight'",
                             "[50, 61]", "'model.layers.2.weight'", "'model.extra'"});
}

TEST_F(Failures, AMissingShardIsNamed) {
  model(2).write(folder / "b", 4000);
  std::filesystem::remove(folder / "b/model.safetensors");
  std::filesystem::remove(folder / "b/model-00002-of-00005.safetensors");
  expect_failure_everywhere(ExitCode::input, {"model-00002-of-00005.safetensors"});
}

TEST_F(Failures, AMissingModelAndAMissingRecipeAreNamed) {
  write_recipe("merge_method: uniform_soup\nmodels: [{model: @/a}, {model: @/none}]\n");
  expect_failure_everywhere(ExitCode::input, {(folder / "none").string()});
  std::filesystem::remove(recipe);
  expect_failure_everywhere(ExitCode::usage, {recipe.string()});
}

TEST_F(Failures, AWrongRecipeIsAUsageError) {
  write_recipe("merge_method: uniform_sup\nmodels: [{model: @/a}]\n");
  expect_failure_everywhere(ExitCode::usage, {"uniform_soup"});
  write_recipe(
      "merge_method: linear\nmodels: [{model: @/a, parameters: {weight: 1}}, {model: @/b, parameters: "
      "{weight: -1}}]\n");
  expect_failure_everywhere(ExitCode::usage, {"weights sum to zero"});
}

TEST_F(Failures, WeightsThatSumToZeroInOneLayerOnlyAreFound) {
  write_recipe(
      "merge_method: linear\nmodels:\n  - {model: @/a, parameters: {weight: 1}}\n"
      "  - {model: @/b, parameters: {weight: [{filter: layers.2, value: -1}, {value: 1}]}}\n");
  expect_failure_everywhere(ExitCode::usage, {"model.layers.2.weight", "weights sum to zero"});
  const PlannedMerge planned = plan_recipe(recipe, options);
  EXPECT_EQ(planned.code, ExitCode::usage);
  EXPECT_FALSE(planned.plan);
}

TEST_F(Failures, AFullDiskAndABrokenOneAreSystemErrors) {
  for (const std::string fault :
       {"write:enospc:nth=5", "write:eio:nth=7", "read:eio:nth=14", "rename:eio:nth=1"}) {
    SCOPED_TRACE(fault);
    for (const auto& [rows, columns] : {std::pair{1U, 1U}, {3U, 1U}, {2U, 2U}}) {
      set_grid(rows, columns);
      set_fault_plan(fault);
      const Failure failure = merge_failure();
      set_fault_plan("");
      EXPECT_EQ(failure.code, ExitCode::system_io) << failure.text;
      expect_nothing_finished();
      std::filesystem::remove_all(io::partial_path(out));
    }
  }
}

TEST_F(Failures, ShortTransfersAreCompleted) {
  write("a", CheckpointBuilder().add_random("x", DType::f64, {3}, 1));
  write("b", CheckpointBuilder().add_random("x", DType::f64, {3}, 2));
  merge();
  const auto expected = read_tensors(out);
  std::filesystem::remove_all(out);
  set_fault_plan("write:short,read:short");
  merge();
  set_fault_plan("");
  expect_same_tensors(read_tensors(out), expected);
}

class ChangedInputs : public Failures {
 protected:
  /// Loads headers, lets `change` at the files, then merges.
  template <typename Change>
  Failure failure_after(const Change& change) {
    return failure_of([&](comm::Communicator& world) {
      LoadedRecipe loaded = load_models(world, load_recipe(world, recipe, false, {}), options.plan.grid, {});
      world.barrier("headers are read");
      if (world.is_root()) change();
      world.barrier("files have changed");
      run_merge(world, std::move(loaded), options);
    });
  }
  template <typename Change>
  void expect_input_error_after(const Change& change) {
    for (const auto& [rows, columns] : {std::pair{1U, 1U}, {3U, 1U}, {1U, 2U}}) {
      write("b", model(2));
      set_grid(rows, columns);
      const Failure failure = failure_after(change);
      EXPECT_EQ(failure.code, ExitCode::input) << failure.text;
      EXPECT_THAT(failure.text, HasSubstr((folder / "b/model.safetensors").string()));
      expect_nothing_finished();
      EXPECT_FALSE(std::filesystem::exists(io::partial_path(out)));
    }
  }
};

TEST_F(ChangedInputs, ATruncatedFileIsNamed) {
  expect_input_error_after([&] { std::filesystem::resize_file(folder / "b/model.safetensors", 9000); });
}

TEST_F(ChangedInputs, AReplacedFileIsNamed) {
  expect_input_error_after([&] {
    std::filesystem::remove(folder / "b/model.safetensors");
    write("b", model(9));
  });
}

TEST_F(ChangedInputs, AFileThatVanishedIsNamed) {
  expect_input_error_after([&] { std::filesystem::remove(folder / "b/model.safetensors"); });
}

TEST_F(ChangedInputs, AFileThatChangesWhileElementsMoveIsNamed) {
  for (const auto& [rows, columns] : {std::pair{1U, 1U}, {2U, 1U}, {1U, 2U}}) {
    write("b", model(2));
    set_grid(rows, columns);
    // The sink is called on rank 0 before the pass ends, thus before the last check of the inputs.
    options.progress = [&](const Progress&) { write("b", model(9)); };
    const Failure failure = merge_failure();
    EXPECT_EQ(failure.code, ExitCode::input) << failure.text;
    EXPECT_THAT(failure.text, HasSubstr((folder / "b/model.safetensors").string()));
    expect_nothing_finished();
  }
}

TEST_F(Failures, AGridThatDoesNotFitTheRanksOrModelsIsAUsageError) {
  set_grid(1, 3);
  EXPECT_EQ(merge_failure().code, ExitCode::usage);
  RunOptions two_rows = options;
  set_grid(1, 1);
  two_rows.plan.grid = {2, 1};
  EXPECT_EQ(failure_of([&](comm::Communicator& world) { merge_recipe(world, recipe, two_rows); }).code,
            ExitCode::usage);
}

}  // namespace
}  // namespace stockpot::engine
