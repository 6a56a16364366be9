#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "expect_error.hpp"
#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/io/file.hpp"
#include "support/temporary_folder.hpp"

namespace stockpot::checkpoint {
namespace {

namespace fs = std::filesystem;

constexpr const char* commit = "0123456789abcdef0123456789abcdef01234567";

/// A clean environment for each test, and the old one afterwards.
class Locate : public testing::Test {
 protected:
  Locate() {
    for (const char* name : variables) {
      const char* value = std::getenv(name);
      saved_.emplace_back(value == nullptr ? std::nullopt : std::optional<std::string>(value));
      ::unsetenv(name);
    }
    set("HOME", folder_ / "home");
    fs::create_directories(folder_ / "home");
  }
  ~Locate() override {
    for (std::size_t i = 0; i < saved_.size(); ++i) {
      if (saved_[i]) {
        ::setenv(variables[i], saved_[i]->c_str(), 1);
      } else {
        ::unsetenv(variables[i]);
      }
    }
  }
  static void set(const char* name, const fs::path& value) { ::setenv(name, value.c_str(), 1); }

  /// A cached model with refs main and refs/pr/1.
  static fs::path cache_model(const fs::path& cache, const std::string& folder_name = "models--org--name") {
    const fs::path model = cache / folder_name;
    fs::create_directories(model / "refs" / "refs" / "pr");
    fs::create_directories(model / "snapshots" / commit);
    io::write_text(model / "refs" / "main", std::string(commit) + "\n", false);
    io::write_text(model / "refs" / "refs" / "pr" / "1", commit, false);
    return model / "snapshots" / commit;
  }

  static constexpr const char* variables[] = {"HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME",
                                              "XDG_CACHE_HOME"};
  test::TemporaryFolder folder_;
  std::vector<std::optional<std::string>> saved_;
};

TEST_F(Locate, TakesLocalPathsAndExpandsHome) {
  fs::create_directory(folder_ / "home" / "model");
  EXPECT_EQ(locate_model((folder_ / "home" / "model").string(), ""), folder_ / "home" / "model");
  EXPECT_EQ(locate_model("~/model", ""), folder_ / "home" / "model");
  EXPECT_EQ(locate_model("~", ""), folder_ / "home");
}

TEST_F(Locate, RefusesARevisionOfALocalPath) {
  expect_error(ExitCode::usage, {"no revision", "'v1'"},
               [&] { locate_model(folder_.path().string(), "v1"); });
}

TEST_F(Locate, FindsEachKindOfRevisionInTheCache) {
  const fs::path snapshot = cache_model(folder_ / "home" / ".cache" / "huggingface" / "hub");
  EXPECT_EQ(locate_model("org/name", ""), snapshot);
  EXPECT_EQ(locate_model("org/name", "main"), snapshot);
  EXPECT_EQ(locate_model("org/name", "refs/pr/1"), snapshot);
  EXPECT_EQ(locate_model("org/name", commit), snapshot);
}

TEST_F(Locate, FindsModelsWithoutAnOrganisation) {
  const fs::path snapshot = cache_model(folder_ / "home" / ".cache" / "huggingface" / "hub", "models--gpt2");
  EXPECT_EQ(locate_model("gpt2", ""), snapshot);
}

TEST_F(Locate, AsksTheVariablesInTheOrderOfTheHub) {
  cache_model(folder_ / "home" / ".cache" / "huggingface" / "hub");
  const fs::path in_xdg = cache_model(folder_ / "xdg" / "huggingface" / "hub");
  const fs::path in_home = cache_model(folder_ / "hf" / "hub");
  const fs::path in_old = cache_model(folder_ / "old");
  const fs::path in_new = cache_model(folder_ / "home" / "new");
  set("XDG_CACHE_HOME", folder_ / "xdg");
  EXPECT_EQ(locate_model("org/name", ""), in_xdg);
  set("HF_HOME", folder_ / "hf");
  EXPECT_EQ(locate_model("org/name", ""), in_home);
  set("HUGGINGFACE_HUB_CACHE", folder_ / "old");
  EXPECT_EQ(locate_model("org/name", ""), in_old);
  set("HF_HUB_CACHE", "~/new");
  EXPECT_EQ(locate_model("org/name", ""), in_new);
}

TEST_F(Locate, NamesTheCommandThatFetches) {
  expect_error(ExitCode::input, {"'org/other'", "not found locally", "huggingface-cli download org/other"},
               [] { locate_model("org/other", ""); });
  cache_model(folder_ / "home" / ".cache" / "huggingface" / "hub");
  expect_error(ExitCode::input, {"huggingface-cli download org/name --revision v2"},
               [] { locate_model("org/name", "v2"); });
}

TEST_F(Locate, RefusesPathsThatAreNoNames) {
  for (const char* path :
       {"/nowhere/model", "./model", "../model", "a/b/c", "~/model", "org/na me", "org/", ""}) {
    SCOPED_TRACE(path);
    expect_error(ExitCode::input, {"no such file or folder"}, [&] { locate_model(path, ""); });
  }
}

TEST_F(Locate, StaysInsideTheCache) {
  const fs::path hub = folder_ / "home" / ".cache" / "huggingface" / "hub";
  cache_model(hub);
  fs::create_directories(folder_ / "secret");
  for (const char* revision : {"../../../secret", "..", "a/../b", "/etc", ".hidden", "a//b", "x\ny"}) {
    SCOPED_TRACE(revision);
    expect_error(ExitCode::usage, {"revision"}, [&] { locate_model("org/name", revision); });
  }
  // Nor does a ref lead out.
  io::write_text(hub / "models--org--name" / "refs" / "bad", "../../../../../secret", false);
  expect_error(ExitCode::input, {"not found locally"}, [] { locate_model("org/name", "bad"); });
}

}  // namespace
}  // namespace stockpot::checkpoint
