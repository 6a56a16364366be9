#include <set>

#include "merge_fixture.hpp"
#include "stockpot/method/catalog.hpp"

namespace stockpot::engine {
namespace {

const std::filesystem::path golden = std::filesystem::path(__FILE__).parent_path() / "../../golden/methods";

std::vector<std::filesystem::path> cases_of(const std::string& method) {
  std::set<std::filesystem::path> cases;
  if (!std::filesystem::is_directory(golden / method)) return {};
  for (const auto& entry : std::filesystem::directory_iterator(golden / method)) {
    if (entry.path().extension() == ".yml") cases.insert(entry.path());
  }
  return {cases.begin(), cases.end()};
}

/// Merges that tests/golden/make_methods.py computed with NumPy; a method without any fails.
class Golden : public MergeFixture, public testing::WithParamInterface<const method::Method*> {};

TEST_P(Golden, OutputsAreTheBytesThatNumpyGives) {
  const std::string method = GetParam()->schema().name;
  const auto cases = cases_of(method);
  EXPECT_FALSE(cases.empty()) << "add cases of " << method << " to tests/golden/make_methods.py";
  for (const std::filesystem::path& path : cases) {
    SCOPED_TRACE(path.string());
    std::string text = read_file(path);
    EXPECT_TRUE(text.starts_with("merge_method: " + method + "\n"));
    for (std::size_t at = text.find("MODELS"); at != std::string::npos; at = text.find("MODELS", at)) {
      text.replace(at, 6, (golden / "models").string());
    }
    write_recipe(text);
    std::filesystem::path expected = path;
    expected.replace_extension(".safetensors");
    for (const std::uint64_t ranks : {1U, 3U}) {
      set_grid(ranks, 1);
      merge();
      expect_same_tensors(read_tensors(out), read_tensors(expected));
      std::filesystem::remove_all(out);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Catalog, Golden, testing::ValuesIn(method::catalog()),
                         [](const auto& test_info) { return test_info.param->schema().name; });

}  // namespace
}  // namespace stockpot::engine
