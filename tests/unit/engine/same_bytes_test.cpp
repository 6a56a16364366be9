#include <array>

#include "merge_fixture.hpp"
#include "stockpot/kernel/linear_form.hpp"

namespace stockpot::engine {
namespace {

using plan::Exchange;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::array rank_counts{1U, 4U};  // sanitizers look at the threads, and are slow
constexpr std::uint64_t random_cases = 6;
#else
constexpr std::array rank_counts{1U, 2U, 3U, 4U, 7U};
constexpr std::uint64_t random_cases = 20;
#endif

/// One way to run a merge.
struct Way {
  std::uint64_t rows = 1;
  std::uint64_t columns = 1;
  std::optional<Exchange> exchange;
};

/// Every grid of these numbers of ranks with at most `models` columns, both exchanges where there is a
/// choice.
std::vector<Way> every_way(std::uint64_t models) {
  std::vector<Way> ways;
  for (const std::uint64_t ranks : rank_counts) {
    for (std::uint64_t columns = 1; columns <= std::min<std::uint64_t>(ranks, models); ++columns) {
      if (ranks % columns != 0) continue;
      if (columns == 1) {
        ways.push_back({ranks, 1, std::nullopt});
        continue;
      }
      ways.push_back({ranks / columns, columns, Exchange::tiles});
      ways.push_back({ranks / columns, columns, Exchange::sums});
    }
  }
  return ways;
}

std::string describe(const Way& way) {
  const std::string exchange = !way.exchange                      ? ""
                               : *way.exchange == Exchange::tiles ? " by tiles"
                                                                  : " by sums";
  return fmt::format("{} x {}{}", way.rows, way.columns, exchange);
}

class SameBytes : public MergeFixture, public testing::WithParamInterface<std::uint64_t> {
 protected:
  ~SameBytes() override { kernel::restrict_instruction_set(""); }

  /// The reference run on one rank, checked against the oracle; then every other way against it.
  void expect_same_bytes_everywhere(const MergeCase& merge, std::uint64_t shard_bytes) {
    write_recipe(merge.write(folder.path(), shard_bytes));
    options.plan.shard_bytes = shard_bytes;
    kernel::restrict_instruction_set("scalar");
    this->merge();
    expect_same_tensors(read_tensors(out), merge.expected());
    const auto reference = read_folder(out);
    const auto sets = kernel::available_instruction_sets();
    std::uint64_t turn = 0;
    for (const Way& way : every_way(merge.models.size())) {
      set_grid(way.rows, way.columns);
      options.plan.exchange = way.exchange;
      options.plan.threads = static_cast<int>(1 + turn % 4);
      options.plan.memory_bytes.reset();
      if (turn % 3 == 1) options.plan.memory_bytes = smallest_memory();
      if (turn % 3 == 2) options.plan.memory_bytes = smallest_memory() + (std::uint64_t{1} << 20);
      kernel::restrict_instruction_set(sets[turn % sets.size()].c_str());
      SCOPED_TRACE(fmt::format("{}, {} threads, memory {}, {}", describe(way), options.plan.threads,
                               options.plan.memory_bytes.value_or(0), sets[turn % sets.size()]));
      std::filesystem::remove_all(out);
      this->merge();
      expect_forecast_holds();
      const auto files = read_folder(out);
      EXPECT_EQ(files.size(), reference.size());
      for (const auto& [name, content] : reference)
        EXPECT_TRUE(files.contains(name) && files.at(name) == content) << name;
      ++turn;
    }
  }
};

TEST_P(SameBytes, OnEveryGridThreadCountBudgetAndInstructionSet) {
  expect_same_bytes_everywhere(random_case(GetParam(), false), 20'000);
}

INSTANTIATE_TEST_SUITE_P(Random, SameBytes, testing::Range(std::uint64_t{1}, random_cases + 1));

using SameBytesOfCutTensors = SameBytes;

TEST_P(SameBytesOfCutTensors, OnEveryGridThreadCountBudgetAndInstructionSet) {
  expect_same_bytes_everywhere(random_case(GetParam(), true), 5'000'000'000);
}

// One case of each method.
INSTANTIATE_TEST_SUITE_P(Random, SameBytesOfCutTensors,
                         testing::Range(std::uint64_t{100}, std::uint64_t{105}));

}  // namespace
}  // namespace stockpot::engine
