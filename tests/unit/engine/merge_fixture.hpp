#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "stockpot/base/error.hpp"
#include "stockpot/base/fault.hpp"
#include "stockpot/comm/threads.hpp"
#include "stockpot/engine/merge_job.hpp"
#include "stockpot/engine/plan_job.hpp"
#include "stockpot/plan/merge_plan.hpp"
#include "support/checkpoint_builder.hpp"
#include "support/merge_case.hpp"
#include "support/output_tensors.hpp"
#include "support/temporary_folder.hpp"

namespace stockpot::engine {

using stockpot::test::CheckpointBuilder;

using stockpot::test::expect_same_tensors;
using stockpot::test::MergeCase;
using stockpot::test::OutputTensors;
using stockpot::test::random_case;
using stockpot::test::random_floats;
using stockpot::test::read_file;
using stockpot::test::read_folder;
using stockpot::test::read_tensors;
using stockpot::test::tensors_of;
using stockpot::test::write_file;

/// What one rank threw.
struct Failure {
  ExitCode code = ExitCode::success;
  std::string text;

  friend bool operator==(const Failure&, const Failure&) = default;
};

/// A folder with checkpoints and recipes, and merges of them on threads.
class MergeFixture : public testing::Test {
 protected:
  MergeFixture() {
    options.durability = io::Durability::none;
    options.output = out;
  }
  ~MergeFixture() override { set_fault_plan(""); }

  std::filesystem::path write(const std::string& name, const CheckpointBuilder& model,
                              std::uint64_t shard_bytes = CheckpointBuilder::one_shard) const {
    model.write(folder / name, shard_bytes);
    return folder / name;
  }
  /// `@` stands for the folder.
  void write_recipe(const std::string& text) const {
    write_file(recipe, stockpot::test::in_folder(text, folder.path()));
  }
  void set_grid(std::uint64_t rows, std::uint64_t columns) { options.plan.grid = {rows, columns}; }
  [[nodiscard]] int ranks() const { return static_cast<int>(options.plan.grid.ranks()); }

  MergeSummary merge() const {
    MergeSummary summary;
    comm::run_threads(ranks(), [&](comm::Communicator& world) {
      const MergeSummary mine = merge_recipe(world, recipe, options);
      if (world.is_root()) summary = mine;
    });
    return summary;
  }
  void convert(const std::filesystem::path& input) const {
    comm::run_threads(ranks(), [&](comm::Communicator& world) { engine::convert(world, input, options); });
  }
  /// Runs `job` on every rank; all must throw the same Error.
  template <typename Job>
  Failure failure_of(const Job& job) const {
    std::vector<Failure> failures(static_cast<std::size_t>(ranks()));
    comm::run_threads(ranks(), [&](comm::Communicator& world) {
      try {
        job(world);
      } catch (const Error& error) {
        failures[static_cast<std::size_t>(world.rank())] = {error.code(), error.what()};
      }
    });
    for (const Failure& failure : failures) {
      EXPECT_EQ(failure.code, failures.front().code);
      EXPECT_EQ(failure.text, failures.front().text);
    }
    return failures.front();
  }
  Failure merge_failure() const {
    return failure_of([&](comm::Communicator& world) { merge_recipe(world, recipe, options); });
  }
  /// The merge ends with this code and a message that holds all of `parts`.
  void expect_refused(ExitCode code, const std::vector<std::string>& parts) const {
    const Failure failure = merge_failure();
    EXPECT_EQ(failure.code, code);
    for (const std::string& part : parts) EXPECT_THAT(failure.text, testing::HasSubstr(part));
  }
  /// The recipe gives the same files on every grid, with much memory and with the least that works, and the
  /// forecast holds.
  void expect_same_files_on(const std::vector<plan::GridShape>& grids) {
    std::map<std::string, std::string> reference;
    for (const plan::GridShape& grid : grids) {
      for (const bool starved : {false, true}) {
        SCOPED_TRACE(fmt::format("{} x {}{}", grid.rows, grid.columns, starved ? ", little memory" : ""));
        options.plan.grid = grid;
        options.plan.memory_bytes.reset();
        if (starved) options.plan.memory_bytes = smallest_memory();
        merge();
        expect_forecast_holds();
        const auto files = read_folder(out);
        if (reference.empty()) reference = files;
        EXPECT_TRUE(files == reference);
        std::filesystem::remove_all(out);
      }
    }
  }
  void expect_nothing_finished() const { EXPECT_FALSE(std::filesystem::exists(out)) << "an output stands"; }

  [[nodiscard]] nlohmann::json run_json() const {
    return nlohmann::json::parse(read_file(out / "stockpot_run.json"));
  }
  [[nodiscard]] nlohmann::json manifest() const {
    return nlohmann::json::parse(read_file(out / io::manifest_name));
  }
  /// The smallest memory limit that the plan accepts, from its own message.
  [[nodiscard]] std::uint64_t smallest_memory() const {
    RunOptions starved = options;
    starved.plan.memory_bytes = 1;
    const PlannedMerge planned = plan_recipe(recipe, starved);
    EXPECT_EQ(planned.code, ExitCode::usage);
    EXPECT_EQ(planned.problems.size(), 1U);
    const std::string& message = planned.problems.back().message;
    return std::stoull(message.substr(message.rfind('(') + 1));
  }

  /// Predicted traffic of every rank is what the run file counted; buffers stay within what the plan
  /// reserved. `reads_exactly`: false where a survey may read more than the plan forecasts, and reduce
  /// less.
  void expect_forecast_holds(bool reads_exactly = true) const {
    const PlannedMerge planned = plan_recipe(recipe, options);
    ASSERT_TRUE(planned.plan);
    const auto ranks = plan::forecast(*planned.plan, planned.models);
    const nlohmann::json run = run_json();
    ASSERT_EQ(run["per_rank"].size(), ranks.size());
    for (std::size_t r = 0; r < ranks.size(); ++r) {
      const nlohmann::json& measured = run["per_rank"][r];
      if (reads_exactly) {
        EXPECT_EQ(measured["bytes"]["read"], ranks[r].traffic.read_bytes) << "rank " << r;
        EXPECT_EQ(measured["bytes"]["exchanged"], ranks[r].traffic.exchanged_bytes) << "rank " << r;
        EXPECT_EQ(measured["bytes"]["reduced"], ranks[r].traffic.reduced_bytes) << "rank " << r;
      }
      EXPECT_LE(measured["bytes"]["reduced"], ranks[r].traffic.reduced_bytes) << "rank " << r;
      EXPECT_EQ(measured["bytes"]["written"], ranks[r].traffic.written_bytes) << "rank " << r;
      EXPECT_LE(measured["peak_buffer_bytes"], planned.plan->buffers.bytes()) << "rank " << r;
      EXPECT_GE(measured["peak_buffer_bytes"], planned.plan->buffers.bytes_per_lane) << "rank " << r;
    }
  }

  stockpot::test::TemporaryFolder folder;
  std::filesystem::path recipe = folder / "recipe.yml";
  std::filesystem::path out = folder / "out";
  RunOptions options;
};

}  // namespace stockpot::engine
