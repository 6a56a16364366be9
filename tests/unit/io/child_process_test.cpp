#include "stockpot/io/child_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>

#include "stockpot/base/error.hpp"
#include "stockpot/base/fault.hpp"
#include "stockpot/io/log_file.hpp"
#include "support/temporary_folder.hpp"

namespace stockpot::io {
namespace {

using std::chrono::seconds;

class ChildProcessTest : public ::testing::Test {
 protected:
  [[nodiscard]] static ProgramStart shell(const std::string& script, bool has_input = false) {
    return {{"/bin/sh", "-c", script}, {"PATH=/usr/bin:/bin", "NAME=a b"}, has_input};
  }
  static ProgramEnd end_of(ChildProcess& program) {
    program.wait_for_end(ChildProcess::Clock::now() + seconds(20));
    return program.end().value();
  }
  /// What it writes until `text` stands there.
  static std::string read_until(ChildProcess& program, const std::string& text) {
    const auto until = ChildProcess::Clock::now() + seconds(20);
    std::string all;
    while (all.find(text) == std::string::npos && ChildProcess::Clock::now() < until) {
      program.wait(until);
      all += program.read_output();
    }
    return all;
  }

  stockpot::test::TemporaryFolder folder_;
  LogFile log_{folder_ / "logs/program.log"};
};

TEST_F(ChildProcessTest, SaysHowItEnded) {
  ChildProcess exits(shell("exit 41"), log_);
  EXPECT_EQ(end_of(exits).exit_code, 41);
  EXPECT_EQ(end_of(exits).signal, 0);
  ChildProcess killed(shell("kill -TERM $$"), log_);
  EXPECT_EQ(end_of(killed).signal, SIGTERM);
  ChildProcess runs(shell("exec sleep 60"), log_);
  EXPECT_FALSE(runs.end().has_value());
  runs.terminate(seconds(20));
  EXPECT_EQ(end_of(runs).signal, SIGTERM);
}

TEST_F(ChildProcessTest, OutputCanBeReadAfterTheEnd) {
  ChildProcess program(shell("echo $NAME; echo why >&2"), log_);
  EXPECT_EQ(end_of(program).exit_code, 0);
  EXPECT_EQ(program.read_output(), "a b\n");
  EXPECT_EQ(program.read_output(), "");
  EXPECT_EQ(program.read_output(), "");
}

TEST_F(ChildProcessTest, InputIsWhatIsWrittenUntilItIsClosed) {
  ChildProcess program(shell("cat", true), log_);
  EXPECT_TRUE(program.write_input("one\n"));
  EXPECT_EQ(read_until(program, "\n"), "one\n");
  EXPECT_FALSE(program.end().has_value());
  program.close_input();
  EXPECT_EQ(end_of(program).exit_code, 0);
}

TEST_F(ChildProcessTest, WritingToAClosedInputFailsWithoutASignal) {
  const auto before = std::signal(SIGPIPE, SIG_DFL);
  ChildProcess program(shell("exec <&-; echo closed; exec sleep 60", true), log_);
  EXPECT_EQ(read_until(program, "\n"), "closed\n");
  EXPECT_FALSE(program.write_input("one\n"));
  EXPECT_FALSE(program.write_input("two\n"));
  std::signal(SIGPIPE, before);
}

TEST_F(ChildProcessTest, WritingWhatNobodyReadsDoesNotBlock) {
  ChildProcess program(shell("exec sleep 60", true), log_);
  EXPECT_FALSE(program.write_input(std::string(std::size_t{8} << 20, 'x')));
}

TEST_F(ChildProcessTest, LogsGrowAtTheirEnd) {
  log_.append("first\n");
  ChildProcess program(shell("echo second >&2"), log_);
  end_of(program);
  LogFile(log_.path()).append("third\n");
  EXPECT_EQ(read_text(log_.path(), 1000), "first\nsecond\nthird\n");
}

TEST_F(ChildProcessTest, AFullDiskIsNamed) {
  set_fault_plan("write:enospc");
  std::string message;
  try {
    log_.append("first\n");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::system_io);
    message = error.what();
  }
  set_fault_plan("");
  EXPECT_THAT(message, ::testing::HasSubstr("program.log"));
  EXPECT_THAT(message, ::testing::HasSubstr("disk full"));
}

}  // namespace
}  // namespace stockpot::io
