#include <atomic>

#include "vocabulary_fixture.hpp"

namespace stockpot::engine {
namespace {

/// A recipe whose vocabulary tensors are cut into blocks of rows that not all models have.
struct ResumedVocabulary {
  std::string name;
  std::string head;

  friend void PrintTo(const ResumedVocabulary& one, std::ostream* out) { *out << one.name; }
};

class VocabularyResume : public Vocabulary, public testing::WithParamInterface<ResumedVocabulary> {
 protected:
  VocabularyResume() {
    // Blocks of rows begin amid digest blocks of the whole tensor, and units hold parts of them.
    write("base", model(17'000, 1, columns));
    write("a", model(9'000, 10, columns));
    write("b", model(9'003, 20, columns));
    write_recipe(GetParam().head +
                 "  - {model: '@/a', parameters: {weight: 1}}\n"
                 "  - {model: '@/b', parameters: {weight: 2}}\n");
    options.plan.shard_bytes = 8'000'000;
    merge();
    undisturbed = read_folder(out);
    std::filesystem::remove_all(out);
  }

  /// True if the run found something that the one before had finished.
  bool resume_to_same_bytes() {
    options.existing = io::ExistingOutput::resume;
    EXPECT_NO_THROW(merge());
    EXPECT_TRUE(read_folder(out) == undisturbed);
    const bool resumed = run_json()["resumed"];
    std::filesystem::remove_all(out);
    options.existing = io::ExistingOutput::refuse;
    return resumed;
  }

  static constexpr std::uint64_t columns = 300;
  std::map<std::string, std::string> undisturbed;
};

TEST_P(VocabularyResume, AfterAFailedWriteOnAnotherGrid) {
  const std::vector<std::pair<plan::GridShape, plan::GridShape>> ways{
      {{1, 1}, {2, 1}}, {{2, 1}, {1, 2}}, {{1, 2}, {3, 1}}, {{2, 2}, {1, 1}}, {{3, 1}, {2, 2}}};
  for (const auto& [before, after] : ways) {
    for (const int nth : {6, 14}) {  // early, and when some units are finished
      SCOPED_TRACE(fmt::format("{} x {}, then {} x {}, write {}", before.rows, before.columns, after.rows,
                               after.columns, nth));
      set_grid(before.rows, before.columns);
      set_fault_plan(fmt::format("write:enospc:nth={}", nth));
      EXPECT_EQ(merge_failure().code, ExitCode::system_io);
      set_fault_plan("");
      expect_nothing_finished();
      set_grid(after.rows, after.columns);
      const bool resumed = resume_to_same_bytes();
      if (nth > 10) {
        EXPECT_TRUE(resumed) << "nothing was finished";
      }
    }
  }
}

TEST_P(VocabularyResume, AfterAStopOnRequest) {
  const std::atomic<bool> stop{true};
  options.stop_requested = &stop;
  set_grid(2, 2);
  EXPECT_EQ(merge_failure().code, ExitCode::stopped);
  options.stop_requested = nullptr;
  expect_nothing_finished();
  set_grid(1, 3);
  resume_to_same_bytes();
}

const std::string first_of_three = "models:\n  - {model: '@/base', parameters: {weight: 0.5}}\n";

INSTANTIATE_TEST_SUITE_P(
    Policies, VocabularyResume,
    testing::Values(ResumedVocabulary{"common",
                                      "merge_method: linear\nvocabulary: common\n" + first_of_three},
                    ResumedVocabulary{"pad", "merge_method: linear\nvocabulary: pad\n" + first_of_three},
                    ResumedVocabulary{"surveyed",
                                      "merge_method: ties\nvocabulary: pad\nscope: model\n"
                                      "parameters: {density: 0.4}\nbase_model: '@/base'\nmodels:\n"}),
    [](const auto& test_info) { return test_info.param.name; });

}  // namespace
}  // namespace stockpot::engine
