// The fuzz target over its corpus, as a plain test.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/fuzz_recipe.cpp"

namespace {

TEST(FuzzCorpus, every_file_ends_with_a_recipe_or_an_error) {
  const std::filesystem::path here = std::filesystem::path(__FILE__).parent_path();
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(here / "../../fuzz/corpus/fuzz_recipe")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    ASSERT_TRUE(file) << entry.path();
    EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), 0);
    ++files;
  }
  EXPECT_GE(files, 20U);
}

}  // namespace
