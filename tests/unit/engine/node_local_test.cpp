#include "merge_fixture.hpp"
#include "stockpot/base/process.hpp"
#include "stockpot/checkpoint/placeholders.hpp"

namespace stockpot::engine {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// Three models that every rank sees, and what a merge of them gives; then each rank finds only those that
/// the grid has it read.
class NodeLocal : public MergeFixture {
 protected:
  NodeLocal() {
    MergeCase merge = random_case(103, true);  // task_arithmetic: a base model
    merge.models.resize(3);
    merge.weights.resize(2);
    shared_text = stockpot::test::in_folder(merge.write(folder / "shared", CheckpointBuilder::one_shard),
                                            folder / "shared");
    write_file(recipe, shared_text);
    for (const std::string model : {"m0", "m1", "m2"}) {
      write_file(folder / "shared" / model / "tokenizer.json", "tokens of " + model);
      write_file(folder / "shared" / model / "generation_config.json", "{}");
    }
  }

  /// Replaces "shared" in the recipe, and gives each rank of the grid its column's models under that name.
  void distribute(const std::string& pattern) {
    std::string text = shared_text;
    for (std::size_t at; (at = text.find("/shared/")) != std::string::npos;)
      text.replace(at, 8, "/" + pattern + "/");
    write_file(recipe, text);
    const auto columns = plan::columns_of_models(plan::ModelSet(3), options.plan.grid.columns);
    for (int rank = 0; rank < ranks(); ++rank) {
      const fs::path own = place(pattern, rank);
      fs::create_directories(own);
      for (std::size_t m = 0; m < 3; ++m) {
        const std::string name = "m" + std::to_string(m);
        if (columns[m] != static_cast<std::uint64_t>(rank) % options.plan.grid.columns) continue;
        fs::copy(folder / "shared" / name, own / name,
                 fs::copy_options::recursive | fs::copy_options::overwrite_existing);
      }
    }
  }
  [[nodiscard]] fs::path place(const std::string& pattern, int rank) const {
    return folder / checkpoint::fill_placeholders(pattern, {rank, host_name()});
  }
  /// Content of the output but for the recipe and what quotes it.
  [[nodiscard]] std::map<std::string, std::string> content() const {
    auto files = read_folder(out);
    for (const char* name : {"README.md", "stockpot_recipe.yml", "stockpot_manifest.json"}) files.erase(name);
    return files;
  }

  std::string shared_text;
};

TEST_F(NodeLocal, EveryGridGivesTheBytesOfSharedStorage) {
  merge();
  const auto expected = content();
  EXPECT_EQ(expected.at("tokenizer.json"), "tokens of m0");
  for (const auto& [rows, columns] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {1, 1}, {1, 2}, {1, 3}, {2, 1}, {2, 2}, {2, 3}, {3, 1}}) {
    for (const plan::Exchange exchange : {plan::Exchange::tiles, plan::Exchange::sums}) {
      fs::remove_all(out);
      set_grid(rows, columns);
      options.plan.exchange = exchange;
      distribute("local-{rank}");
      ASSERT_NO_THROW(merge()) << rows << " x " << columns;
      EXPECT_TRUE(content() == expected) << rows << " x " << columns;
      for (int rank = 0; rank < ranks(); ++rank) fs::remove_all(place("local-{rank}", rank));
    }
  }
}

TEST_F(NodeLocal, TheManifestNamesModelsAsTheRecipeDoes) {
  set_grid(1, 2);
  distribute("local-{rank}");
  merge();
  const std::string first = read_file(out / io::manifest_name);
  EXPECT_THAT(first, HasSubstr("local-{rank}/m1"));
  fs::remove_all(out);
  set_grid(2, 1);
  distribute("local-{rank}");
  merge();
  EXPECT_EQ(read_file(out / io::manifest_name), first);
}

TEST_F(NodeLocal, AHostNameLeadsToItsModels) {
  merge();
  const auto expected = content();
  fs::remove_all(out);
  set_grid(2, 1);
  distribute("on-{node}");
  merge();
  EXPECT_TRUE(content() == expected);
}

TEST_F(NodeLocal, ThePlanKnowsWhatRanksMove) {
  for (const plan::Exchange exchange : {plan::Exchange::tiles, plan::Exchange::sums}) {
    fs::remove_all(out);
    set_grid(1, 3);
    options.plan.exchange = exchange;
    distribute("local-{rank}");
    merge();
    expect_forecast_holds();
  }
}

TEST_F(NodeLocal, AModelThatItsRankDoesNotFindIsNamed) {
  set_grid(1, 3);
  distribute("local-{rank}");
  fs::remove_all(place("local-{rank}", 2) / "m2");
  const Failure failure = merge_failure();
  EXPECT_EQ(failure.code, ExitCode::input);
  EXPECT_THAT(failure.text, HasSubstr("rank 2: "));
  EXPECT_THAT(failure.text, HasSubstr("local-2/m2"));
  expect_nothing_finished();
}

TEST_F(NodeLocal, CopiesThatDifferAreRefused) {
  set_grid(2, 1);
  distribute("local-{rank}");
  const fs::path shard = place("local-{rank}", 1) / "m1" / "model.safetensors";
  std::string bytes = read_file(shard);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_file(shard, bytes);
  const Failure failure = merge_failure();
  EXPECT_EQ(failure.code, ExitCode::input);
  EXPECT_THAT(failure.text, HasSubstr("rank 1: "));
  EXPECT_THAT(failure.text, HasSubstr(shard.string()));
  EXPECT_THAT(failure.text, HasSubstr("differs from the copy in"));
  expect_nothing_finished();
}

TEST_F(NodeLocal, AJobContinuesOnAnotherGrid) {
  set_grid(1, 2);
  distribute("local-{rank}");
  const std::atomic<bool> stop{true};
  options.stop_requested = &stop;
  EXPECT_EQ(merge_failure().code, ExitCode::stopped);
  options.stop_requested = nullptr;
  options.existing = io::ExistingOutput::resume;
  set_grid(3, 1);
  distribute("local-{rank}");
  bool resumed = false;
  ASSERT_NO_THROW(resumed = merge().resumed);
  EXPECT_TRUE(resumed);
  const auto continued = content();
  fs::remove_all(out);
  options.existing = io::ExistingOutput::refuse;
  write_file(recipe, shared_text);
  set_grid(1, 1);
  merge();
  EXPECT_TRUE(content() == continued);
}

}  // namespace
}  // namespace stockpot::engine
