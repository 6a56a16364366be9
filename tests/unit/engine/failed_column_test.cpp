#include "merge_fixture.hpp"

namespace stockpot::engine {
namespace {

using plan::Exchange;

/// What a rank fails in.
struct ColumnFault {
  std::string name;
  std::string kind;  ///< of the fault plan, without its number

  friend void PrintTo(const ColumnFault& fault, std::ostream* out) { *out << fault.name; }
};

/// A rank that failed keeps step with its row until all ranks see it, and sends what it doesn't have. Nothing
/// that came of it may count as finished.
class FailedColumn : public MergeFixture, public testing::WithParamInterface<ColumnFault> {
 protected:
  FailedColumn() {
    std::mt19937_64 generator(17);
    for (const char* name : {"a", "b", "c"}) {
      CheckpointBuilder model;
      for (int layer = 0; layer < 6; ++layer) {
        const Shape shape{700, 1201};
        model.add_raw(fmt::format("model.layers.{}.weight", layer), DType::f32, shape,
                      random_floats(DType::f32, element_count(shape).value(), generator));
      }
      write(name, model);
    }
    write_recipe(
        "merge_method: linear\nmodels:\n  - {model: '@/a', parameters: {weight: 1}}\n"
        "  - {model: '@/b', parameters: {weight: 2}}\n  - {model: '@/c', parameters: {weight: 3}}\n");
    merge();
    undisturbed = read_folder(out);
    std::filesystem::remove_all(out);
  }

  std::map<std::string, std::string> undisturbed;
};

TEST_P(FailedColumn, LeavesNothingWrongToResumeFrom) {
  for (const Exchange exchange : {Exchange::tiles, Exchange::sums}) {
    for (const auto& [rows, columns] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{{1, 3}, {2, 2}}) {
      for (const int nth : {12, 17, 25}) {
        SCOPED_TRACE(fmt::format("{} x {} by {}, {} {}", rows, columns,
                                 exchange == Exchange::tiles ? "tiles" : "sums", GetParam().kind, nth));
        set_grid(rows, columns);
        options.plan.exchange = exchange;
        options.existing = io::ExistingOutput::refuse;
        set_fault_plan(fmt::format("{}:nth={}", GetParam().kind, nth));
        const Failure failure = merge_failure();
        set_fault_plan("");
        EXPECT_EQ(failure.code, ExitCode::system_io) << failure.text;
        expect_nothing_finished();
        set_grid(1, 1);
        options.plan.exchange.reset();
        options.existing = io::ExistingOutput::resume;
        merge();
        EXPECT_TRUE(read_folder(out) == undisturbed);
        std::filesystem::remove_all(out);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Faults, FailedColumn,
                         testing::Values(ColumnFault{"full_disk", "write:enospc"},
                                         ColumnFault{"bad_disk", "read:eio"}),
                         [](const auto& test_info) { return test_info.param.name; });

}  // namespace
}  // namespace stockpot::engine
