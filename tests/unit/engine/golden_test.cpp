#include <set>

#include "merge_fixture.hpp"
#include "stockpot/method/catalog.hpp"
#include "support/statistics_builder.hpp"

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

void replace_all(std::string& text, const std::string& word, const std::string& by) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + by.size())) {
    text.replace(at, word.size(), by);
  }
}

/// Merges that tests/golden/make_methods.py computed with NumPy; a method without any fails.
class Golden : public MergeFixture, public testing::WithParamInterface<const method::Method*> {
 protected:
  /// The Fisher values are kept as checkpoints.
  void write_statistics() const {
    for (const std::string model : {"layered_a", "layered_b", "layered_c"}) {
      const OutputTensors fisher = read_tensors(golden / "models" / (model + "_fisher.safetensors"));
      stockpot::test::write_fisher(folder / (model + ".h5"), golden / "models" / (model + ".safetensors"),
                                   fisher);
    }
  }
};

TEST_P(Golden, OutputsAreTheBytesThatNumpyGives) {
  const std::string method = GetParam()->schema().name;
  const auto cases = cases_of(method);
  if (GetParam()->schema().takes_statistics) write_statistics();
  EXPECT_FALSE(cases.empty()) << "add cases of " << method << " to tests/golden/make_methods.py";
  for (const std::filesystem::path& path : cases) {
    SCOPED_TRACE(path.string());
    std::string text = read_file(path);
    EXPECT_TRUE(text.starts_with("merge_method: " + method + "\n"));
    replace_all(text, "MODELS", (golden / "models").string());
    replace_all(text, "STATISTICS", folder.path().string());
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
