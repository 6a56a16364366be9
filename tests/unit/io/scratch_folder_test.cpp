#include "stockpot/io/scratch_folder.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "stockpot/base/error.hpp"
#include "support/temporary_folder.hpp"

namespace stockpot::io {
namespace {

std::size_t entries_in(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

/// Makes a scratch folder with a file in another process, which is killed.
void leave_scratch(const std::filesystem::path& parent) {
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  const pid_t process = ::fork();
  if (process == 0) {
    const ScratchFolder scratch(parent);
    std::ofstream(scratch.path() / "model.safetensors") << "weights";
    if (::write(ready[1], "r", 1) != 1) ::_exit(1);
    while (true) ::pause();
  }
  char sign = 0;
  EXPECT_EQ(::read(ready[0], &sign, 1), 1);
  ::kill(process, SIGKILL);
  ::waitpid(process, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(ScratchFolder, IsGoneWithItsFiles) {
  const stockpot::test::TemporaryFolder parent;
  {
    const ScratchFolder one(parent.path());
    const ScratchFolder other(parent.path());
    EXPECT_NE(one.path(), other.path());
    EXPECT_TRUE(std::filesystem::is_empty(one.path()));
    std::ofstream(one.path() / "model.safetensors") << "weights";
    EXPECT_EQ(std::filesystem::status(one.path().parent_path()).permissions(),
              std::filesystem::perms::owner_all);
  }
  EXPECT_TRUE(std::filesystem::is_empty(parent.path()));
}

TEST(ScratchFolder, NeedsAFolderToStandIn) {
  const stockpot::test::TemporaryFolder parent;
  EXPECT_THROW(ScratchFolder(parent / "missing"), Error);
}

TEST(AbandonedScratch, OfKilledProcessesIsRemoved) {
  const stockpot::test::TemporaryFolder parent;
  leave_scratch(parent.path());
  leave_scratch(parent.path());
  ASSERT_EQ(entries_in(parent.path()), 2U);
  EXPECT_EQ(remove_abandoned_scratch(parent.path()), 2U);
  EXPECT_TRUE(std::filesystem::is_empty(parent.path()));
  EXPECT_EQ(remove_abandoned_scratch(parent.path()), 0U);
}

TEST(AbandonedScratch, IsNothingThatIsInUse) {
  const stockpot::test::TemporaryFolder parent;
  const ScratchFolder mine(parent.path());
  std::ofstream(mine.path() / "model.safetensors") << "weights";
  leave_scratch(parent.path());
  EXPECT_EQ(remove_abandoned_scratch(parent.path()), 1U);
  EXPECT_TRUE(std::filesystem::exists(mine.path() / "model.safetensors"));
}

TEST(AbandonedScratch, IsNothingOfOthersMaking) {
  const stockpot::test::TemporaryFolder parent;
  const std::filesystem::path without_lock = parent / "stockpot-scratch-mine12";
  const std::filesystem::path other_name = parent / "stockpot-scratch-of-mine";
  std::filesystem::create_directory(without_lock);
  std::filesystem::create_directory(other_name);
  std::ofstream(other_name / "lock") << "";
  std::ofstream(parent / "stockpot-scratch-afile1") << "";
  std::filesystem::create_directory(parent / "elsewhere");
  std::ofstream(parent / "elsewhere" / "lock") << "";
  std::filesystem::create_directory_symlink(parent / "elsewhere", parent / "stockpot-scratch-link12");
  EXPECT_EQ(remove_abandoned_scratch(parent.path()), 0U);
  EXPECT_EQ(entries_in(parent.path()), 5U);
  EXPECT_TRUE(std::filesystem::exists(parent / "elsewhere" / "lock"));
}

TEST(AbandonedScratch, IsNowhereWithoutAFolder) {
  const stockpot::test::TemporaryFolder parent;
  EXPECT_EQ(remove_abandoned_scratch(parent / "missing"), 0U);
}

TEST(AbandonedScratch, IsNeverTakenFromOneWhoJustMadeIt) {
  const stockpot::test::TemporaryFolder parent;
  const pid_t sweeper = ::fork();
  if (sweeper == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (true) remove_abandoned_scratch(parent.path());
  }
  for (int n = 0; n < 100; ++n) {
    const ScratchFolder scratch(parent.path());
    std::ofstream(scratch.path() / "weights") << "weights";
    EXPECT_TRUE(std::filesystem::exists(scratch.path() / "weights"));
  }
  ::kill(sweeper, SIGKILL);
  ::waitpid(sweeper, nullptr, 0);
}

}  // namespace
}  // namespace stockpot::io
