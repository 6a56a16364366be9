#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

#include "engine/unit_record.hpp"
#include "merge_fixture.hpp"
#include "stockpot/io/journal.hpp"
#include "stockpot/method/catalog.hpp"
#include "stockpot/plan/unit_traffic.hpp"
#include "stockpot/recipe/recipe.hpp"

namespace stockpot::engine {
namespace {

/// One merge with cut and whole tensors, the folder that an undisturbed run makes of it, and runs that end
/// early.
class Resume : public MergeFixture {
 protected:
  Resume() {
    static const MergeCase merge = random_case(103, true);  // task_arithmetic
    write_recipe(merge.write(folder.path(), CheckpointBuilder::one_shard));
    options.plan.shard_bytes = 1'000'000;
    this->merge();
    undisturbed = read_folder(out);
    std::filesystem::remove_all(out);
  }

  void expect_stopped_by(const std::string& fault_plan) {
    set_fault_plan(fault_plan);
    const Failure failure = merge_failure();
    set_fault_plan("");
    EXPECT_EQ(failure.code, ExitCode::system_io) << failure.text;
    expect_nothing_finished();
    EXPECT_TRUE(std::filesystem::exists(partial));
  }
  void expect_resumed_to_same_bytes() {
    options.existing = io::ExistingOutput::resume;
    EXPECT_NO_THROW(merge());
    EXPECT_TRUE(read_folder(out) == undisturbed);
    EXPECT_FALSE(std::filesystem::exists(partial));
  }
  /// Does all of the work but never publishes.
  void stop_before_publishing() {
    const std::atomic<bool> stop{true};
    options.stop_requested = &stop;
    const Failure failure = merge_failure();
    options.stop_requested = nullptr;
    EXPECT_EQ(failure.code, ExitCode::stopped) << failure.text;
    expect_nothing_finished();
  }

  /// A process of its own dies in the middle.
  void kill_at_write(int nth) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      set_fault_plan(fmt::format("write:kill:nth={}", nth));
      try {
        merge();
      } catch (...) {
      }
      ::_exit(1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    expect_nothing_finished();
  }
  void start_over() {
    std::filesystem::remove_all(out);
    options.existing = io::ExistingOutput::refuse;
  }

  std::filesystem::path partial = io::partial_path(out);
  std::map<std::string, std::string> undisturbed;
};

/// How the second run differs from the first.
struct Change {
  std::uint64_t rows;
  std::uint64_t columns;
  int threads;
  bool smallest_memory;
};

class ResumeElsewhere : public Resume, public testing::WithParamInterface<Change> {
 protected:
  void change() {
    set_grid(GetParam().rows, GetParam().columns);
    options.plan.threads = GetParam().threads;
    if (GetParam().smallest_memory) options.plan.memory_bytes = smallest_memory();
  }
};

TEST_P(ResumeElsewhere, AfterAFailedWrite) {
  for (const int nth : {2, 4, 9, 15}) {  // the first is the lock's own
    SCOPED_TRACE(nth);
    options = RunOptions{options};
    options.existing = io::ExistingOutput::overwrite;
    set_grid(2, 1);
    expect_stopped_by(fmt::format("write:enospc:nth={}", nth));
    change();
    expect_resumed_to_same_bytes();
    std::filesystem::remove_all(out);
  }
}

TEST_P(ResumeElsewhere, AfterAStopOnRequest) {
  set_grid(1, 3);
  stop_before_publishing();
  change();
  options.existing = io::ExistingOutput::resume;
  expect_resumed_to_same_bytes();
}

INSTANTIATE_TEST_SUITE_P(Ways, ResumeElsewhere,
                         testing::Values(Change{1, 1, 1, false}, Change{3, 1, 2, true},
                                         Change{1, 2, 2, false}, Change{2, 2, 1, true},
                                         Change{7, 1, 3, false}));

TEST_F(Resume, AfterAKill) {
  for (const int nth : {3, 8, 14}) {
    SCOPED_TRACE(nth);
    set_grid(3, 1);
    kill_at_write(nth);
    set_grid(2, 2);
    expect_resumed_to_same_bytes();
    start_over();
  }
}

/// What a run that continues must read and write, given what journals say of the one before.
struct Remainder {
  std::uint64_t committed_bytes = 0;  ///< of the output: read once, to be verified
  std::uint64_t read_bytes = 0;       ///< of the inputs of everything else
  std::uint64_t written_bytes = 0;
};

Remainder remainder_of(const std::filesystem::path& recipe, const RunOptions& options,
                       const std::filesystem::path& partial) {
  const PlannedMerge planned = plan_recipe(recipe, options);
  const plan::MergePlan& plan = planned.plan.value();
  const auto parsed = recipe::parse_recipe(read_file(recipe), method::schema(), false);
  const auto journaled =
      io::read_journals(partial, plan::job_digest(parsed.recipe.value(), plan, planned.models));
  Remainder remainder;
  for (std::uint32_t task = 0; task < plan.tasks.size(); ++task) {
    remainder.read_bytes += plan::undigested_bytes(plan.tasks[task]);
    for (std::uint64_t unit = 0; unit < plan::unit_count(plan.tasks[task], planned.models); ++unit) {
      const plan::Traffic traffic = plan::unit_traffic(plan, planned.models, task, unit).front();
      if (journaled.contains(unit_key(task, unit))) {
        remainder.committed_bytes += traffic.written_bytes;
      } else {
        remainder.read_bytes += traffic.read_bytes;
        remainder.written_bytes += traffic.written_bytes;
      }
    }
  }
  return remainder;
}

TEST_F(Resume, ReadsWhatWasCommittedOnceAndDoesOnlyTheRest) {
  for (const int nth : {16, 20, 24}) {
    SCOPED_TRACE(nth);
    kill_at_write(nth);
    const Remainder remainder = remainder_of(recipe, options, partial);
    EXPECT_GT(remainder.committed_bytes, 0U);
    EXPECT_GT(remainder.written_bytes, 0U);
    expect_resumed_to_same_bytes();
    const nlohmann::json run = run_json();
    EXPECT_EQ(run["resumed"], true);
    EXPECT_EQ(run["bytes"]["written"], remainder.written_bytes);
    EXPECT_EQ(run["bytes"]["read"], remainder.committed_bytes + remainder.read_bytes);
    start_over();
  }
}

TEST_F(Resume, OfACompletedPassOnlyVerifies) {
  stop_before_publishing();
  const Remainder remainder = remainder_of(recipe, options, partial);
  expect_resumed_to_same_bytes();
  EXPECT_EQ(run_json()["bytes"]["written"], remainder.written_bytes);
  EXPECT_EQ(run_json()["bytes"]["read"], remainder.committed_bytes + remainder.read_bytes);
}

TEST_F(Resume, FindsAFlippedBitInWhatWasCommitted) {
  for (const auto& [rows, columns] : {std::pair{1, 1}, {2, 1}, {1, 2}}) {
    options.existing = io::ExistingOutput::overwrite;
    set_grid(static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(columns));
    stop_before_publishing();
    for (const auto& entry : std::filesystem::directory_iterator(partial)) {
      if (entry.path().extension() != ".safetensors") continue;
      std::string content = read_file(entry.path());
      for (std::size_t at = content.size() / 3; at < content.size(); at += content.size() / 3)
        content[at] ^= 0x10;
      write_file(entry.path(), content);
    }
    expect_resumed_to_same_bytes();
    std::filesystem::remove_all(out);
  }
}

TEST_F(Resume, TrustsNoTornJournal) {
  stop_before_publishing();
  for (const auto& entry : std::filesystem::directory_iterator(partial / io::journal_folder_name)) {
    if (entry.path().extension() != ".bin") continue;
    const std::string content = read_file(entry.path());
    write_file(entry.path(), content.substr(0, content.size() / 2 + 5));
  }
  expect_resumed_to_same_bytes();
}

TEST_F(Resume, RefusesAnotherRecipe) {
  stop_before_publishing();
  const std::string text = read_file(recipe);
  write_file(recipe, text + "\n");
  options.existing = io::ExistingOutput::resume;
  const Failure failure = merge_failure();
  EXPECT_EQ(failure.code, ExitCode::usage) << failure.text;
  EXPECT_THAT(failure.text, testing::HasSubstr("another recipe"));
  EXPECT_TRUE(std::filesystem::exists(partial)) << "the first job's work is still its own";
  write_file(recipe, text);
  expect_resumed_to_same_bytes();
}

TEST_F(Resume, RefusesAnotherDtypeSeedOrShardSize) {
  stop_before_publishing();
  options.existing = io::ExistingOutput::resume;
  for (int what = 0; what < 3; ++what) {
    RunOptions changed = options;
    if (what == 0) changed.dtype = DType::f32;
    if (what == 1) changed.plan.seed = 7;
    if (what == 2) changed.plan.shard_bytes = 20'000;
    const Failure failure =
        failure_of([&](comm::Communicator& world) { merge_recipe(world, recipe, changed); });
    EXPECT_EQ(failure.code, ExitCode::usage) << what << ": " << failure.text;
  }
  expect_resumed_to_same_bytes();
}

TEST_F(Resume, RefusesAChangedInput) {
  stop_before_publishing();
  const std::filesystem::path file = folder / "m1/model.safetensors";
  std::string content = read_file(file);
  content.back() ^= 1;
  write_file(file, content);
  options.existing = io::ExistingOutput::resume;
  const Failure failure = merge_failure();
  EXPECT_EQ(failure.code, ExitCode::usage) << failure.text;
  EXPECT_THAT(failure.text, testing::HasSubstr("other inputs"));
  expect_nothing_finished();
}

TEST_F(Resume, LeavesAFinishedOutputAlone) {
  merge();
  options.existing = io::ExistingOutput::resume;
  set_grid(2, 1);
  const MergeSummary summary = merge();
  EXPECT_TRUE(summary.was_finished);
  EXPECT_TRUE(read_folder(out) == undisturbed);
}

TEST_F(Resume, RefusesAFinishedOutputOfAnotherRecipe) {
  merge();
  options.existing = io::ExistingOutput::resume;
  write_file(recipe, read_file(recipe) + "# changed\n");
  const Failure failure = merge_failure();
  EXPECT_EQ(failure.code, ExitCode::usage) << failure.text;
  EXPECT_THAT(failure.text, testing::HasSubstr("recipe"));
  EXPECT_TRUE(read_folder(out) == undisturbed);
}

TEST_F(Resume, RefusesAFinishedOutputOfAnotherDtype) {
  merge();
  options.existing = io::ExistingOutput::resume;
  options.dtype = DType::f32;
  const Failure failure = merge_failure();
  EXPECT_EQ(failure.code, ExitCode::usage) << failure.text;
  EXPECT_TRUE(read_folder(out) == undisturbed);
}

TEST_F(Resume, StartsAFreshOutput) {
  expect_resumed_to_same_bytes();
  EXPECT_EQ(run_json()["resumed"], false);
}

TEST_F(Resume, AnExistingOutputIsRefused) {
  merge();
  const Failure failure = merge_failure();
  EXPECT_EQ(failure.code, ExitCode::usage) << failure.text;
  EXPECT_THAT(failure.text, testing::HasSubstr(out.string()));
  EXPECT_TRUE(read_folder(out) == undisturbed);
}

TEST_F(Resume, OverwriteKeepsTheOldOutputUntilTheNewOneStands) {
  merge();
  const auto old = read_folder(out);
  options.existing = io::ExistingOutput::overwrite;
  options.dtype = DType::f32;
  set_fault_plan("write:eio:nth=6");
  EXPECT_EQ(merge_failure().code, ExitCode::system_io);
  set_fault_plan("");
  EXPECT_TRUE(read_folder(out) == old);
  merge();
  EXPECT_FALSE(read_folder(out) == old);
  for (const auto& [name, tensor] : read_tensors(out)) {
    if (is_mergeable(tensor.dtype)) {
      EXPECT_EQ(tensor.dtype, DType::f32) << name;
    }
  }
}

}  // namespace
}  // namespace stockpot::engine
