#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source_rules.hpp"
#include "source_text.hpp"

namespace stockpot::layering {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::filesystem::path source_dir = STOCKPOT_SOURCE_DIR;

std::vector<std::string> texts(const std::vector<Violation>& violations) {
  std::vector<std::string> result;
  for (const Violation& violation : violations) result.push_back(to_string(violation));
  return result;
}

TEST(Layering, TheProjectKeepsItsRules) {
  const Layers layers = read_layers(source_dir / "cmake/layers.txt");
  EXPECT_TRUE(layers.contains("base"));
  EXPECT_THAT(texts(check_tree(source_dir, layers)), IsEmpty());
}

TEST(Layering, TheTableHasNoCycle) {
  const Layers layers = read_layers(source_dir / "cmake/layers.txt");
  for (const auto& [module, allowed] : layers) {
    for (const std::string& below : allowed) {
      ASSERT_TRUE(layers.contains(below)) << module << " may include the unknown module " << below;
      EXPECT_FALSE(layers.at(below).contains(module))
          << module << " and " << below << " may include each other";
    }
  }
}

TEST(Layering, EveryKindOfViolationIsFound) {
  const std::filesystem::path fixture = source_dir / "tests/layering/fixture";
  EXPECT_THAT(
      texts(check_tree(fixture, read_layers(fixture / "layers.txt"))),
      ElementsAre("include/stockpot/comm/communicator.hpp:16: all_reduce: its documentation must begin with "
                  "Collective",
                  "include/stockpot/comm/communicator.hpp:17: broadcast: its documentation must begin with "
                  "Collective",
                  "include/stockpot/engine/engine.hpp:8: merge: its documentation must begin with Collective "
                  "or Local",
                  "include/stockpot/kernel/upward.hpp:3: <Eigen/Core> belongs in src/kernel/",
                  "include/stockpot/kernel/upward.hpp:5: kernel may not include stockpot/engine/engine.hpp",
                  "src/engine/run.cpp:1: <fcntl.h> belongs in src/io/",
                  "src/engine/run.cpp:2: <mpi.h> belongs in src/comm/",
                  "src/engine/run.cpp:14: ofstream belongs in src/io/",
                  "src/engine/run.cpp:15: open belongs in src/io/",
                  "src/engine/run.cpp:16: mmap: files are read, never mapped",
                  "src/io/file.cpp:7: mmap: files are read, never mapped",
                  "src/kernel/solve.cpp:1: <cuda_runtime.h> belongs in src/comm/",
                  "src/kernel/solve.cpp:2: <hdf5.h> belongs in src/io/",
                  "src/kernel/solve.cpp:3: <nccl.h> belongs in src/comm/",
                  "src/kernel/solve.cpp:5: kernel may not include stockpot/comm/communicator.hpp",
                  "src/recipe/parse.cpp:3: recipe may not include stockpot/io/file.hpp",
                  "src/stranger/who.cpp:1: module stranger has no line in cmake/layers.txt"));
}

TEST(SourceText, LiteralsAndCommentsAreBlankedAndLinesKept) {
  EXPECT_EQ(blank_comments_and_literals("a(\"x\\\"y\") // z\n/* b\nc */ d('\\'', 1'000);\n#include \"e\"\n"),
            "a(\"    \")     \n    \n     d('  ', 1'000);\n#include \"e\"\n");
}

}  // namespace
}  // namespace stockpot::layering
