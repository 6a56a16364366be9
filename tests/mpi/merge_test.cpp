#include <gtest/gtest.h>

#include "stockpot/comm/agreement.hpp"
#include "stockpot/engine/merge_job.hpp"
#include "support/merge_case.hpp"
#include "support/mpi_runtime.hpp"
#include "support/temporary_folder.hpp"

namespace stockpot {
namespace {

/// A folder of rank 0 that every rank of this node knows.
class SharedFolder {
 public:
  explicit SharedFolder(comm::Communicator& world) : world_(world) {
    if (world.is_root()) own_.emplace();
    path_ = world.broadcast(own_ ? own_->path().string() : std::string(), 0, "folder of the test");
  }
  SharedFolder(const SharedFolder&) = delete;
  SharedFolder& operator=(const SharedFolder&) = delete;
  ~SharedFolder() { world_.barrier("end of the test"); }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  comm::Communicator& world_;
  std::optional<test::TemporaryFolder> own_;
  std::filesystem::path path_;
};

engine::RunOptions options_for(const std::filesystem::path& output, std::uint64_t rows,
                               std::uint64_t columns) {
  engine::RunOptions options;
  options.output = output;
  options.durability = io::Durability::none;
  options.plan.grid = {rows, columns};
  options.plan.threads = 2;
  return options;
}

class MergeOverMpi : public testing::TestWithParam<std::uint64_t> {};

TEST_P(MergeOverMpi, GivesTheBytesOfOneProcess) {
  comm::Communicator world = comm::make_mpi(test::mpi_runtime());
  const SharedFolder folder(world);
  const test::MergeCase merge = test::random_case(GetParam(), true);
  comm::agree_after(world, "serial run", [&] {
    if (!world.is_root()) return;
    const std::string text =
        test::in_folder(merge.write(folder.path(), test::CheckpointBuilder::one_shard), folder.path());
    test::write_file(folder / "recipe.yml", text);
    comm::Communicator alone = comm::make_serial();
    engine::merge_recipe(alone, folder / "recipe.yml", options_for(folder / "serial", 1, 1));
    test::expect_same_tensors(test::read_tensors(folder / "serial"), merge.expected());
  });
  const auto ranks = static_cast<std::uint64_t>(world.size());
  for (std::uint64_t columns = 1; columns <= std::min<std::uint64_t>(ranks, merge.models.size()); ++columns) {
    if (ranks % columns != 0) continue;
    for (const plan::Exchange exchange : {plan::Exchange::tiles, plan::Exchange::sums}) {
      const auto output =
          folder / fmt::format("out-{}-{}", columns, exchange == plan::Exchange::tiles ? "tiles" : "sums");
      engine::RunOptions options = options_for(output, ranks / columns, columns);
      options.plan.exchange = exchange;
      engine::merge_recipe(world, folder / "recipe.yml", options);
      if (world.is_root()) {
        EXPECT_TRUE(test::read_folder(output) == test::read_folder(folder / "serial")) << output;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, MergeOverMpi, testing::Values(100, 103));

TEST(MergeOverMpi, AFailureEndsEveryRankAlike) {
  comm::Communicator world = comm::make_mpi(test::mpi_runtime());
  const SharedFolder folder(world);
  if (world.is_root()) {
    test::CheckpointBuilder model;
    for (int layer = 0; layer < 8; ++layer)
      model.add_random(fmt::format("layers.{}.w", layer), DType::f32, {100}, 1);
    model.write(folder / "a");
    model.add("layers.7.w", DType::f32, {100}, {std::numeric_limits<double>::quiet_NaN()})
        .write(folder / "b");
    test::write_file(
        folder / "recipe.yml",
        test::in_folder("merge_method: uniform_soup\nmodels: [{model: \"@/a\"}, {model: \"@/b\"}]\n",
                        folder.path()));
  }
  world.barrier("models are written");
  std::string text;
  ExitCode code = ExitCode::success;
  try {
    engine::merge_recipe(world, folder / "recipe.yml",
                         options_for(folder / "out", static_cast<std::uint64_t>(world.size()), 1));
  } catch (const Error& error) {
    text = error.what();
    code = error.code();
  }
  EXPECT_EQ(code, ExitCode::input);
  EXPECT_NE(text.find("layers.7.w"), std::string::npos) << text;
  for (const std::string& other : world.all_gather(text, "texts of the failure")) EXPECT_EQ(other, text);
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
}

}  // namespace
}  // namespace stockpot
