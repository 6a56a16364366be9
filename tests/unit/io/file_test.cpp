#include "stockpot/io/file.hpp"

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "stockpot/base/fault.hpp"
#include "unit/io/io_support.hpp"

namespace stockpot::io {
namespace {

using testing::bytes_of;
using testing::failure_of;
using testing::get;
using ::testing::HasSubstr;
using testing::put;
using testing::TemporaryFolder;

class FileTest : public ::testing::Test {
 protected:
  ~FileTest() override { set_fault_plan(""); }
  std::string read_back(const File& file, std::uint64_t offset, std::size_t bytes) {
    std::string text(bytes, '?');
    file.read_exact(offset, std::as_writable_bytes(std::span(text)));
    return text;
  }
  TemporaryFolder folder_;
};

TEST_F(FileTest, WritesAtOffsetsWithoutTruncatingAndReadsThemBack) {
  put(folder_ / "a", "0123456789");
  const File file = File::open_to_write(folder_ / "a");
  file.write_all(3, bytes_of("xyz"));
  file.write_all(12, bytes_of("end"));
  file.sync();
  EXPECT_EQ(get(folder_ / "a"), std::string("012xyz6789\0\0end", 15));
  EXPECT_EQ(read_back(file, 2, 5), "2xyz6");
  file.resize(4);
  EXPECT_EQ(file.size(), 4U);
}

TEST_F(FileTest, CountsTransferredBytes) {
  const TransferCounters before = transfer_counters();
  const File file = File::open_to_write(folder_ / "a");
  file.write_all(0, bytes_of("12345"));
  read_back(file, 1, 3);
  EXPECT_EQ(transfer_counters().written_bytes - before.written_bytes, 5U);
  EXPECT_EQ(transfer_counters().read_bytes - before.read_bytes, 3U);
}

TEST_F(FileTest, ReadingBeyondTheEndNamesATruncatedFile) {
  put(folder_ / "a", "0123");
  const File file = File::open_to_read(folder_ / "a");
  const auto failure = failure_of([&] { read_back(file, 2, 3); });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ExitCode::input);
  EXPECT_THAT(failure->message, HasSubstr("file is shorter than its header says (truncated or replaced?)"));
  EXPECT_EQ(failure->subject.file, (folder_ / "a").string());
}

TEST_F(FileTest, OffsetsBeyondAnyFileAreRefused) {
  put(folder_ / "a", "0123");
  const File file = File::open_to_read(folder_ / "a");
  for (const std::uint64_t offset : {~std::uint64_t{0}, std::uint64_t{1} << 63}) {
    const auto failure = failure_of([&] { read_back(file, offset, 3); });
    ASSERT_TRUE(failure) << offset;
    EXPECT_EQ(failure->code, ExitCode::input);
  }
}

TEST_F(FileTest, WhatCanNotBeOpenedToReadIsInput) {
  std::filesystem::create_directory(folder_ / "folder");
  std::filesystem::create_symlink("loop", folder_ / "loop");
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  put(folder_ / "plain", "");
  for (const std::string name : {"missing", "folder", "loop", "pipe", "plain/below"}) {
    const auto failure = failure_of([&] { File::open_to_read(folder_ / name); });
    ASSERT_TRUE(failure) << name;
    EXPECT_EQ(failure->code, ExitCode::input) << name;
    EXPECT_THAT(failure->message, HasSubstr((folder_ / name).string()));
  }
}

TEST_F(FileTest, WritingNeitherFollowsLinksNorOpensFoldersAndPipes) {
  put(folder_ / "victim", "keep");
  std::filesystem::create_symlink("victim", folder_ / "link");
  std::filesystem::create_directory(folder_ / "folder");
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  for (const std::string name : {"link", "folder", "pipe", "missing/below"}) {
    const auto failure = failure_of([&] { File::open_to_write(folder_ / name); });
    ASSERT_TRUE(failure) << name;
    EXPECT_EQ(failure->code, ExitCode::system_io) << name;
  }
  EXPECT_EQ(get(folder_ / "victim"), "keep");
}

TEST_F(FileTest, CreatingANewFileRefusesAnExistingOne) {
  put(folder_ / "a", "keep");
  EXPECT_EQ(failure_of([&] { File::create_new(folder_ / "a"); })->code, ExitCode::system_io);
  EXPECT_FALSE(File::try_create_new(folder_ / "a"));
  EXPECT_FALSE(File::try_create_new(folder_ / "missing/a"));
  EXPECT_TRUE(File::try_create_new(folder_ / "b"));
  EXPECT_EQ(get(folder_ / "a"), "keep");
}

TEST_F(FileTest, ShortCallsAreContinued) {
  set_fault_plan("read:short,write:short");
  const File file = File::open_to_write(folder_ / "a");
  file.write_all(0, bytes_of("hello world"));
  EXPECT_EQ(read_back(file, 0, 11), "hello world");
}

TEST_F(FileTest, FailuresOfTheDeviceAreSystemErrors) {
  put(folder_ / "a", "0123");
  set_fault_plan("read:eio:nth=2,write:enospc:bytes=6,sync:eio");
  const File file = File::open_to_write(folder_ / "a");
  EXPECT_EQ(read_back(file, 0, 4), "0123");
  const auto read_failure = failure_of([&] { read_back(file, 0, 4); });
  ASSERT_TRUE(read_failure);
  EXPECT_EQ(read_failure->code, ExitCode::system_io);
  EXPECT_EQ(read_back(file, 0, 4), "0123");
  file.write_all(0, bytes_of("123456"));
  const auto write_failure = failure_of([&] { file.write_all(0, bytes_of("7")); });
  ASSERT_TRUE(write_failure);
  EXPECT_EQ(write_failure->code, ExitCode::system_io);
  EXPECT_THAT(write_failure->message, HasSubstr("disk full: "));
  const auto sync_failure = failure_of([&] { file.sync(); });
  ASSERT_TRUE(sync_failure);
  EXPECT_EQ(sync_failure->code, ExitCode::system_io);
}

TEST_F(FileTest, FaultsOfOneRankLeaveOthersAlone) {
  set_fault_plan("write:eio:rank=2");
  const File file = File::open_to_write(folder_ / "a");
  set_fault_rank(1);
  file.write_all(0, bytes_of("x"));
  set_fault_rank(2);
  EXPECT_TRUE(failure_of([&] { file.write_all(0, bytes_of("x")); }));
  set_fault_rank(-1);
}

TEST_F(FileTest, KillFaultKillsAtTheNthCall) {
  const int status = testing::status_in_child([&] {
    set_fault_plan("write:kill:nth=2");
    const File file = File::open_to_write(folder_ / "a");
    file.write_all(0, bytes_of("one"));
    file.write_all(0, bytes_of("two"));
    return 0;
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_EQ(get(folder_ / "a"), "one");
}

TEST_F(FileTest, MalformedFaultPlansAreUsageErrors) {
  for (const std::string plan : {"write", "write:explode", "touch:eio", "write:eio:nth", "write:eio:nth=x",
                                 "write:eio:nth=1x", "write:eio:color=1", "write:eio,"}) {
    const auto failure = failure_of([&] { set_fault_plan(plan); });
    ASSERT_TRUE(failure) << plan;
    EXPECT_EQ(failure->code, ExitCode::usage);
  }
}

TEST_F(FileTest, FullDiskIsNamed) {
  const std::filesystem::path disk = folder_ / "disk";
  std::filesystem::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "mounting a tmpfs is not permitted here; the fault plan covers ENOSPC";
  }
  const auto failure = failure_of([&] {
    const File file = File::open_to_write(disk / "a");
    const std::vector<std::byte> block(256 * 1024);
    file.write_all(0, block);
  });
  ::umount(disk.c_str());
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ExitCode::system_io);
  EXPECT_THAT(failure->message, HasSubstr("disk full: "));
}

TEST_F(FileTest, IdentityChangesWithSizeTimeAndSampledContent) {
  const std::string original(1 << 20, 'a');
  put(folder_ / "a", original);
  const FileIdentity before = identify(File::open_to_read(folder_ / "a"));
  EXPECT_EQ(identify(File::open_to_read(folder_ / "a")), before);
  const auto time = std::filesystem::last_write_time(folder_ / "a");
  for (const std::size_t position :
       {std::size_t{0}, original.size() - 1, original.size() / 15 * 7 / 4096 * 4096}) {
    std::string changed = original;
    changed[position] = 'b';
    put(folder_ / "a", changed);
    std::filesystem::last_write_time(folder_ / "a", time);
    EXPECT_NE(identify(File::open_to_read(folder_ / "a")), before) << position;
  }
  put(folder_ / "a", original);
  std::filesystem::last_write_time(folder_ / "a", time + std::chrono::nanoseconds(4));
  EXPECT_NE(identify(File::open_to_read(folder_ / "a")).modified_ns, before.modified_ns);
  put(folder_ / "a", original + "a");
  EXPECT_NE(identify(File::open_to_read(folder_ / "a")).size, before.size);
}

TEST_F(FileTest, IdentityOfEverySmallSizeReadsTheWholeFile) {
  for (const std::size_t size : {0UL, 1UL, 4095UL, 65536UL, 65537UL, 131072UL}) {
    std::string text(size, 'x');
    put(folder_ / "a", text);
    const FileIdentity before = identify(File::open_to_read(folder_ / "a"));
    for (const std::size_t position : {std::size_t{0}, size / 2}) {
      if (position >= size) continue;
      text[position] = 'y';
      put(folder_ / "a", text);
      EXPECT_NE(identify(File::open_to_read(folder_ / "a")).sample, before.sample) << size << " " << position;
      text[position] = 'x';
    }
  }
}

TEST_F(FileTest, TextFilesRoundTripAndReplaceWhole) {
  write_text(folder_ / "t.json", "first", true);
  write_text(folder_ / "t.json", "second", false);
  EXPECT_EQ(read_text(folder_ / "t.json", 6), "second");
  EXPECT_EQ(failure_of([&] { read_text(folder_ / "t.json", 5); })->code, ExitCode::input);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(FileTest, FailedTextWriteLeavesTheOldFileAndNoOther) {
  write_text(folder_ / "t.json", "old", false);
  for (const std::string plan : {"write:enospc", "sync:eio:nth=1", "rename:eio"}) {
    set_fault_plan(plan);
    EXPECT_EQ(failure_of([&] { write_text(folder_ / "t.json", "new", true); })->code, ExitCode::system_io)
        << plan;
    set_fault_plan("");
    EXPECT_EQ(get(folder_ / "t.json"), "old");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
  }
}

}  // namespace
}  // namespace stockpot::io
