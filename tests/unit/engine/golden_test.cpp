#include "golden_cases.hpp"
#include "stockpot/method/catalog.hpp"

namespace stockpot::engine {
namespace {

/// A method without any case fails.
class Golden : public MergeFixture, public testing::WithParamInterface<const method::Method*> {};

TEST_P(Golden, OutputsAreTheBytesThatNumpyGives) {
  const std::string method = GetParam()->schema().name;
  const auto cases = golden_cases(method);
  if (GetParam()->schema().takes_statistics) write_golden_statistics(folder.path());
  EXPECT_FALSE(cases.empty()) << "add cases of " << method << " to tests/golden/make_methods.py";
  for (const std::filesystem::path& path : cases) {
    SCOPED_TRACE(path.string());
    const std::string text = golden_recipe(path, folder.path());
    EXPECT_TRUE(text.starts_with("merge_method: " + method + "\n"));
    write_recipe(text);
    for (const std::uint64_t ranks : {1U, 3U}) {
      set_grid(ranks, 1);
      merge();
      expect_same_tensors(read_tensors(out), golden_output(path));
      std::filesystem::remove_all(out);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Catalog, Golden, testing::ValuesIn(method::catalog()),
                         [](const auto& test_info) { return test_info.param->schema().name; });

}  // namespace
}  // namespace stockpot::engine
