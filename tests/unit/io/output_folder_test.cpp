#include "stockpot/io/output_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <set>
#include <thread>

#include "stockpot/base/fault.hpp"
#include "stockpot/base/process.hpp"
#include "unit/io/io_support.hpp"

namespace stockpot::io {
namespace {

namespace fs = std::filesystem;
using testing::failure_of;
using testing::get;
using ::testing::HasSubstr;
using testing::put;

constexpr double beat_seconds = 0.02;
constexpr double takeover_seconds = 0.25;

class OutputFolderTest : public ::testing::Test {
 protected:
  ~OutputFolderTest() override { set_fault_plan(""); }
  static OutputFolder::Options options(ExistingOutput existing) {
    return {existing, Durability::fsync, beat_seconds, takeover_seconds, OutputKind::folder};
  }
  OutputFolder claim(ExistingOutput existing = ExistingOutput::refuse) const {
    return OutputFolder::claim(target_, options(existing));
  }
  void finish(const std::string& content) const {
    OutputFolder folder = claim(ExistingOutput::overwrite);
    put(folder.path() / manifest_name, content);
    folder.publish();
  }
  std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_.path()))
      found.insert(entry.path().filename().string());
    return found;
  }
  ExitCode code_of_claim(ExistingOutput existing) const {
    const auto failure = failure_of([&] { claim(existing); });
    return failure ? failure->code : ExitCode::success;
  }
  void stale_lock(const std::string& text) const {
    fs::create_directory(partial_);
    put(partial_ / "lock", text);
  }

  testing::TemporaryFolder folder_;
  fs::path target_ = folder_ / "out";
  fs::path partial_ = folder_ / ".out.partial";
};

TEST_F(OutputFolderTest, PublishesInOneRename) {
  OutputFolder folder = claim();
  EXPECT_EQ(folder.state(), FolderState::fresh);
  EXPECT_EQ(folder.path(), partial_);
  EXPECT_EQ(partial_path(target_), partial_);
  fs::create_directory(partial_ / "journal");
  put(partial_ / "journal/0.bin", "x");
  put(partial_ / "model.safetensors", "data");
  put(partial_ / manifest_name, "{}");
  folder.check_still_held();
  EXPECT_FALSE(fs::exists(target_));
  folder.publish();
  EXPECT_EQ(names(), std::set<std::string>{"out"});
  EXPECT_EQ(get(target_ / "model.safetensors"), "data");
  EXPECT_EQ(std::distance(fs::directory_iterator(target_), {}), 2);
  EXPECT_TRUE(is_finished_output(target_));
}

TEST_F(OutputFolderTest, FinishedOutputsAreRefusedLeftAloneOrReplaced) {
  finish("first");
  const auto failure = failure_of([&] { claim(); });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ExitCode::usage);
  EXPECT_THAT(failure->message, HasSubstr("--overwrite"));
  EXPECT_EQ(claim(ExistingOutput::resume).state(), FolderState::finished);
  EXPECT_EQ(names(), std::set<std::string>{"out"});
  {
    OutputFolder folder = claim(ExistingOutput::overwrite);
    EXPECT_EQ(folder.state(), FolderState::fresh);
    EXPECT_EQ(get(target_ / manifest_name), "first");
    put(folder.path() / manifest_name, "second");
    folder.publish();
  }
  EXPECT_EQ(get(target_ / manifest_name), "second");
  EXPECT_EQ(names(), std::set<std::string>{"out"});
}

TEST_F(OutputFolderTest, AFailedRenameLeavesTheOldOutputInPlace) {
  finish("first");
  OutputFolder folder = claim(ExistingOutput::overwrite);
  put(folder.path() / manifest_name, "second");
  set_fault_plan("rename:eio:nth=2");
  EXPECT_EQ(failure_of([&] { folder.publish(); })->code, ExitCode::system_io);
  EXPECT_EQ(get(target_ / manifest_name), "first");
  EXPECT_EQ(get(partial_ / manifest_name), "second");
}

TEST_F(OutputFolderTest, WhatIsNoOutputIsNeverTouched) {
  fs::create_directory(target_);
  put(target_ / "precious", "x");
  for (const ExistingOutput existing :
       {ExistingOutput::refuse, ExistingOutput::resume, ExistingOutput::overwrite}) {
    EXPECT_EQ(code_of_claim(existing), ExitCode::usage);
  }
  EXPECT_EQ(get(target_ / "precious"), "x");
  fs::remove_all(target_);
  put(target_, "file");
  EXPECT_EQ(code_of_claim(ExistingOutput::overwrite), ExitCode::usage);
  fs::remove(target_);
  fs::create_directory(folder_ / "elsewhere");
  put(folder_ / ("elsewhere/" + std::string(manifest_name)), "x");
  fs::create_directory_symlink("elsewhere", target_);
  EXPECT_EQ(code_of_claim(ExistingOutput::overwrite), ExitCode::usage);
  EXPECT_EQ(names(), (std::set<std::string>{"out", "elsewhere"}));
}

TEST_F(OutputFolderTest, AnEmptyFolderAtTheTargetIsFilled) {
  fs::create_directory(target_);
  OutputFolder folder = claim();
  put(folder.path() / manifest_name, "x");
  folder.publish();
  EXPECT_EQ(names(), std::set<std::string>{"out"});
}

TEST_F(OutputFolderTest, ATargetThatAppearsDuringTheRunIsNotReplaced) {
  OutputFolder folder = claim();
  fs::create_directory(target_);
  put(target_ / "precious", "x");
  EXPECT_EQ(failure_of([&] { folder.publish(); })->code, ExitCode::usage);
  EXPECT_EQ(get(target_ / "precious"), "x");
}

TEST_F(OutputFolderTest, LeftoversAreContinuedEmptiedOrRefused) {
  {
    const OutputFolder folder = claim();
    put(folder.path() / "half", "x");
  }
  EXPECT_FALSE(fs::exists(partial_ / "lock"));
  const auto failure = failure_of([&] { claim(); });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ExitCode::usage);
  EXPECT_THAT(failure->message, HasSubstr("--resume continues it, --overwrite starts over"));
  {
    const OutputFolder folder = claim(ExistingOutput::resume);
    EXPECT_EQ(folder.state(), FolderState::partial);
    EXPECT_EQ(get(partial_ / "half"), "x");
  }
  fs::create_directory(folder_ / "elsewhere");
  put(folder_ / "elsewhere/precious", "x");
  fs::create_directory_symlink(folder_ / "elsewhere", partial_ / "link");
  const OutputFolder folder = claim(ExistingOutput::overwrite);
  EXPECT_EQ(folder.state(), FolderState::fresh);
  EXPECT_EQ(std::distance(fs::directory_iterator(partial_), {}), 1);
  EXPECT_EQ(get(folder_ / "elsewhere/precious"), "x");
}

TEST_F(OutputFolderTest, UnusedClaimsAndDiscardedOnesLeaveNothing) {
  { const OutputFolder folder = claim(); }
  EXPECT_TRUE(names().empty());
  OutputFolder folder = claim();
  fs::create_directories(folder.path() / "deep/er");
  put(folder.path() / "deep/er/x", "x");
  folder.discard();
  EXPECT_TRUE(names().empty());
}

TEST_F(OutputFolderTest, TargetsWithoutANameAreUsageErrors) {
  for (const std::string target : {"", ".", "..", "/", "./", "a/..", "../.."}) {
    const auto failure = failure_of([&] { OutputFolder::claim(target, {}); });
    ASSERT_TRUE(failure) << target;
    EXPECT_EQ(failure->code, ExitCode::usage) << target;
  }
}

TEST_F(OutputFolderTest, TrailingSlashesAndMissingParentsAreFine) {
  target_ = folder_ / "new/parent/out/";
  OutputFolder folder = claim();
  EXPECT_EQ(folder.path(), folder_ / "new/parent/.out.partial");
  put(folder.path() / manifest_name, "x");
  folder.publish();
  EXPECT_TRUE(is_finished_output(folder_ / "new/parent/out"));
}

TEST_F(OutputFolderTest, ParentsThatCanNotBeWrittenAreSystemErrors) {
  put(folder_ / "file", "x");
  for (const std::string target : {"file/out", "file/deep/out"}) {
    target_ = folder_ / target;
    EXPECT_EQ(code_of_claim(ExistingOutput::refuse), ExitCode::system_io) << target;
  }
  EXPECT_EQ(failure_of([] { OutputFolder::claim("/proc/stockpot/out", {}); })->code, ExitCode::system_io);
}

TEST_F(OutputFolderTest, ALockThatCanNotBeWrittenLeavesNoFolderOfItsOwn) {
  for (const std::string fault : {"write:enospc", "write:eio", "link:eio", "link:eperm,write:enospc:nth=2"}) {
    SCOPED_TRACE(fault);
    set_fault_plan(fault);
    EXPECT_EQ(code_of_claim(ExistingOutput::refuse), ExitCode::system_io);
    EXPECT_TRUE(names().empty());
  }
  fs::create_directory(partial_);
  set_fault_plan("write:enospc");
  EXPECT_EQ(code_of_claim(ExistingOutput::refuse), ExitCode::system_io);
  EXPECT_TRUE(fs::is_empty(partial_)) << "another claimant's folder";
  put(partial_ / "half", "x");
  EXPECT_EQ(code_of_claim(ExistingOutput::resume), ExitCode::system_io);
  EXPECT_EQ(get(partial_ / "half"), "x");
}

TEST_F(OutputFolderTest, AFolderThatMayNotBeWrittenIsNotLeft) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const ::mode_t mask = ::umask(0777);
  const ExitCode code = code_of_claim(ExistingOutput::refuse);
  ::umask(mask);
  EXPECT_EQ(code, ExitCode::system_io);
  EXPECT_TRUE(names().empty());
}

TEST_F(OutputFolderTest, ALiveHolderIsNamed) {
  const OutputFolder folder = claim();
  const std::string lock = get(partial_ / "lock");
  EXPECT_EQ(lock.substr(0, lock.find('\n')), host_name());
  const auto failure = failure_of([&] { claim(); });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ExitCode::usage);
  EXPECT_THAT(failure->message, HasSubstr(fmt::format("process '{}' on host '{}'", ::getpid(), host_name())));
  folder.check_still_held();
}

TEST_F(OutputFolderTest, AKilledHolderOnThisHostIsTakenOverAtOnce) {
  const int status = testing::status_in_child([&] {
    const OutputFolder folder = claim();
    put(folder.path() / "half", "x");
    std::raise(SIGKILL);
    return 0;
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  const auto start = std::chrono::steady_clock::now();
  OutputFolder folder = OutputFolder::claim(target_, {ExistingOutput::resume, Durability::none, 10.0, 60.0});
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_EQ(folder.state(), FolderState::partial);
  folder.check_still_held();
  put(folder.path() / manifest_name, "x");
  folder.publish();
  EXPECT_EQ(std::distance(fs::directory_iterator(target_), {}), 2) << "no lock of either holder may stay";
}

TEST_F(OutputFolderTest, AClaimantKilledBeforeItsLockStandsIsNotWaitedFor) {
  for (const std::string fault : {"write:kill:nth=1", "link:kill:nth=1"}) {
    SCOPED_TRACE(fault);
    const int status = testing::status_in_child([&] {
      set_fault_plan(fault);
      claim();
      return 0;
    });
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_FALSE(fs::exists(partial_ / "lock"));
    EXPECT_FALSE(fs::is_empty(partial_));
    const auto start = std::chrono::steady_clock::now();
    OutputFolder folder =
        OutputFolder::claim(target_, {ExistingOutput::refuse, Durability::none, 10.0, 60.0});
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
    EXPECT_EQ(folder.state(), FolderState::fresh);
    put(folder.path() / manifest_name, "x");
    folder.publish();
    EXPECT_EQ(std::distance(fs::directory_iterator(target_), {}), 1) << "nothing of the killed one may stay";
    fs::remove_all(target_);
  }
}

TEST_F(OutputFolderTest, ALockIsTheOnlyThingInAFreshFolder) {
  for (const std::string fault : {"", "link:eperm"}) {
    SCOPED_TRACE(fault);
    set_fault_plan(fault);
    const OutputFolder folder = claim();
    EXPECT_EQ(std::distance(fs::directory_iterator(partial_), {}), 1);
    EXPECT_EQ(fs::hard_link_count(partial_ / "lock"), 1U);
    EXPECT_THAT(get(partial_ / "lock"), ::testing::StartsWith(host_name() + "\n"));
    folder.check_still_held();
  }
}

TEST_F(OutputFolderTest, WithoutHardLinksAHolderIsRespectedAndADeadOneTakenOver) {
  set_fault_plan("link:eperm");
  {
    const OutputFolder folder = claim();
    EXPECT_EQ(code_of_claim(ExistingOutput::refuse), ExitCode::usage);
    folder.check_still_held();
  }
  stale_lock("otherhost\n1\n12\n");
  const OutputFolder folder = claim();
  EXPECT_TRUE(fs::exists(partial_ / "lock.1"));
  folder.check_still_held();
}

TEST_F(OutputFolderTest, AReusedProcessIdIsNotTakenForTheHolder) {
  std::string text;
  {
    const OutputFolder folder = claim();
    text = get(partial_ / "lock");
  }
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 6U);
  lines[3] = "1";  // started right after boot
  stale_lock(fmt::format("{}\n", fmt::join(lines, "\n")));
  const OutputFolder folder =
      OutputFolder::claim(target_, {ExistingOutput::refuse, Durability::none, 10.0, 1e6});
  folder.check_still_held();
}

TEST_F(OutputFolderTest, ASilentHolderElsewhereIsTakenOverAfterTheWait) {
  for (const std::string text : {"otherhost\n1\n12\n", "", "\xff garbage"}) {
    stale_lock(text);
    const auto start = std::chrono::steady_clock::now();
    const OutputFolder folder = claim();
    EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::duration<double>(takeover_seconds));
    folder.check_still_held();
  }
}

TEST_F(OutputFolderTest, ATouchedLockElsewhereIsRespected) {
  stale_lock("otherhost\n1\n12\n");
  std::thread heartbeat([&] {
    std::this_thread::sleep_for(std::chrono::duration<double>(takeover_seconds / 2));
    fs::last_write_time(partial_ / "lock", fs::file_time_type::clock::now() - std::chrono::hours(1000));
  });
  const auto failure = failure_of([&] { claim(); });
  heartbeat.join();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ExitCode::usage);
  EXPECT_THAT(failure->message, HasSubstr("on host 'otherhost' (job '12')"));
}

TEST_F(OutputFolderTest, AHolderThatWasTakenOverNoticesAndLeavesTheNewLockAlone) {
  auto slow = std::make_unique<OutputFolder>(
      OutputFolder::claim(target_, {ExistingOutput::refuse, Durability::none, 1e6, 1.0}));
  const OutputFolder next = claim();
  const auto failure = failure_of([&] { slow->check_still_held(); });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ExitCode::system_io);
  EXPECT_TRUE(failure_of([&] { slow->publish(); }));
  slow->discard();
  slow.reset();
  next.check_still_held();
}

TEST_F(OutputFolderTest, OfManyClaimantsOfAStaleLockOneWins) {
  for (int round = 0; round < 4; ++round) {
    set_fault_plan(round == 3 ? "link:eperm" : "");
    stale_lock(fmt::format("otherhost\n{}\n-\n", round));
    std::vector<std::thread> threads;
    std::atomic<int> winners{0};
    std::atomic<int> refused{0};
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        try {
          const OutputFolder folder = claim();
          ++winners;
          std::this_thread::sleep_for(std::chrono::duration<double>(3 * takeover_seconds));
          folder.check_still_held();
        } catch (const Error& error) {
          if (error.code() == ExitCode::usage) ++refused;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(refused, 7);
  }
}

TEST_F(OutputFolderTest, ClaimantsThatComeAndGoNeverHoldTogether) {
  std::atomic<int> holders{0};
  std::atomic<int> most{0};
  std::atomic<int> claims{0};
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(800);
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] {
      while (std::chrono::steady_clock::now() < end) {
        try {
          const OutputFolder folder =
              OutputFolder::claim(target_, {ExistingOutput::resume, Durability::none, 0.001, 10.0});
          const int now = ++holders;
          int seen = most.load();
          while (now > seen && !most.compare_exchange_weak(seen, now)) {
          }
          ++claims;
          std::this_thread::sleep_for(std::chrono::milliseconds(2));
          --holders;
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ExitCode::usage) << error.what();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
  EXPECT_GT(claims, 10);
}

TEST_F(OutputFolderTest, ClaimingProcessesPublishOnce) {
  std::vector<pid_t> children;
  for (int c = 0; c < 6; ++c) {
    const pid_t child = ::fork();
    if (child == 0) {
      int result = 1;
      try {
        OutputFolder folder =
            OutputFolder::claim(target_, {ExistingOutput::refuse, Durability::none, 0.01, 10.0});
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        put(folder.path() / manifest_name, std::to_string(c));
        folder.publish();
        result = 0;
      } catch (const Error& error) {
        result = static_cast<int>(error.code());
      }
      ::_exit(result);
    }
    children.push_back(child);
  }
  int published = 0;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 0) {
      ++published;
    } else {
      EXPECT_EQ(WEXITSTATUS(status), static_cast<int>(ExitCode::usage));
    }
  }
  EXPECT_EQ(published, 1);
  EXPECT_EQ(names(), std::set<std::string>{"out"});
}

TEST_F(OutputFolderTest, ResumingAFinishedOutputRemovesTheLockOfAJobKilledAtItsCommit) {
  finish("x");
  put(target_ / "lock", "otherhost\n1\n-\n");
  EXPECT_EQ(claim(ExistingOutput::resume).state(), FolderState::finished);
  EXPECT_FALSE(fs::exists(target_ / "lock"));
}

TEST_F(OutputFolderTest, AFileOutputLeavesNothingButTheFile) {
  OutputFolder::Options file_options = options(ExistingOutput::refuse);
  file_options.kind = OutputKind::file;
  {
    OutputFolder folder = OutputFolder::claim(target_, file_options);
    put(folder.path() / "model.h5", "content");
    folder.publish_file("model.h5");
  }
  EXPECT_EQ(names(), std::set<std::string>{"out"});
  EXPECT_EQ(get(target_), "content");

  const auto failure = failure_of([&] { OutputFolder::claim(target_, file_options); });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ExitCode::usage);
  file_options.existing = ExistingOutput::resume;
  EXPECT_EQ(OutputFolder::claim(target_, file_options).state(), FolderState::finished);

  file_options.existing = ExistingOutput::overwrite;
  OutputFolder folder = OutputFolder::claim(target_, file_options);
  EXPECT_EQ(get(target_), "content") << "stands until the new one does";
  put(folder.path() / "model.h5", "newer");
  folder.publish_file("model.h5");
  EXPECT_EQ(get(target_), "newer");
  EXPECT_EQ(names(), std::set<std::string>{"out"});
}

TEST_F(OutputFolderTest, AFolderIsInTheWayOfAFileOutput) {
  fs::create_directory(target_);
  OutputFolder::Options file_options = options(ExistingOutput::overwrite);
  file_options.kind = OutputKind::file;
  const auto failure = failure_of([&] { OutputFolder::claim(target_, file_options); });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ExitCode::usage);
}

}  // namespace
}  // namespace stockpot::io
