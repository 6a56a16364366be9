#include "stockpot/io/journal.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "stockpot/base/fault.hpp"
#include "unit/io/io_support.hpp"

namespace stockpot::io {
namespace {

using testing::failure_of;
using testing::get;
using testing::put;

class JournalTest : public ::testing::Test {
 protected:
  std::filesystem::path file(const std::string& name) const { return folder_ / ("journal/" + name); }
  std::map<std::uint64_t, std::vector<Digest>> read() const { return read_journals(folder_.path(), job_); }

  testing::TemporaryFolder folder_;
  Digest job_ = digest_of("job");
  std::vector<Digest> two_{digest_of("a"), digest_of("b")};
};

TEST_F(JournalTest, GivesBackWhatAllRanksWrote) {
  EXPECT_TRUE(read().empty());
  JournalWriter first(folder_.path(), job_, 0, "run1");
  JournalWriter second(folder_.path(), job_, 1, "run1");
  first.append(7, two_);
  second.append(~std::uint64_t{0}, {});
  first.append(8, std::span(two_).first(1));
  first.sync();
  EXPECT_EQ(read(), (std::map<std::uint64_t, std::vector<Digest>>{
                        {7, two_}, {8, {two_[0]}}, {~std::uint64_t{0}, {}}}));
}

TEST_F(JournalTest, HasTheDocumentedLayout) {
  JournalWriter(folder_.path(), job_, 3, "r").append(0x0102, std::span(two_).first(1));
  const std::string bytes = get(file("3.r.bin"));
  ASSERT_EQ(bytes.size(), 8U + 16 + 8 + 4 + 16 + 8);
  EXPECT_EQ(bytes.substr(0, 8), "SPJRNL01");
  EXPECT_EQ(bytes.substr(24, 12), std::string("\x02\x01\0\0\0\0\0\0\x01\0\0\0", 12));
}

TEST_F(JournalTest, LaterRecordsWin) {
  JournalWriter writer(folder_.path(), job_, 0, "r");
  writer.append(1, std::span(two_).first(1));
  writer.append(1, std::span(two_).last(1));
  EXPECT_EQ(read().at(1), std::vector<Digest>{two_[1]});
}

TEST_F(JournalTest, NeverAppendsToAnOldJournal) {
  JournalWriter(folder_.path(), job_, 0, "r").append(1, two_);
  EXPECT_EQ(failure_of([&] { JournalWriter(folder_.path(), job_, 0, "r"); })->code, ExitCode::system_io);
  JournalWriter(folder_.path(), job_, 0, "s").append(2, two_);
  EXPECT_EQ(read().size(), 2U);
  for (const std::string run : {"", "a/b", "..", "a b"}) {
    EXPECT_EQ(failure_of([&] { JournalWriter(folder_.path(), job_, 0, run); })->code, ExitCode::usage) << run;
  }
}

TEST_F(JournalTest, JournalsOfAnotherJobAndForeignFilesAreIgnored) {
  JournalWriter(folder_.path(), digest_of("other"), 0, "r").append(1, two_);
  put(file("foreign.bin"), "SPJRNL01 but short");
  put(file("empty.bin"), "");
  std::filesystem::create_directory(file("folder.bin"));
  std::filesystem::create_symlink("/dev/zero", file("link.bin"));
  EXPECT_TRUE(read().empty());
}

TEST_F(JournalTest, EveryTornEndKeepsTheRecordsBefore) {
  JournalWriter writer(folder_.path(), job_, 0, "r");
  writer.append(1, two_);
  const std::size_t first_end = get(file("0.r.bin")).size();
  writer.append(2, two_);
  const std::string whole = get(file("0.r.bin"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    put(file("0.r.bin"), whole.substr(0, size));
    EXPECT_EQ(read().size(), size < first_end ? 0U : 1U) << size;
  }
}

TEST_F(JournalTest, EveryFlippedBitOfARecordEndsTheReading) {
  JournalWriter writer(folder_.path(), job_, 0, "r");
  writer.append(1, two_);
  const std::size_t first_end = get(file("0.r.bin")).size();
  writer.append(2, two_);
  const std::string whole = get(file("0.r.bin"));
  for (std::size_t byte = first_end; byte < whole.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string broken = whole;
      broken[byte] = static_cast<char>(broken[byte] ^ (1 << bit));
      put(file("0.r.bin"), broken);
      EXPECT_EQ(read(), (std::map<std::uint64_t, std::vector<Digest>>{{1, two_}})) << byte << "." << bit;
    }
  }
}

TEST_F(JournalTest, ThreadsAppendWholeRecords) {
  JournalWriter writer(folder_.path(), job_, 0, "r");
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 100; ++i) writer.append(t * 100 + i, two_);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(read().size(), 400U);
}

TEST_F(JournalTest, AnAppendAfterAFailedOneReplacesItsRest) {
  JournalWriter writer(folder_.path(), job_, 0, "r");
  writer.append(1, two_);
  set_fault_plan("write:short:nth=1,write:enospc:nth=2");
  EXPECT_TRUE(failure_of([&] { writer.append(2, two_); }));
  set_fault_plan("");
  writer.append(3, two_);
  EXPECT_EQ(read(), (std::map<std::uint64_t, std::vector<Digest>>{{1, two_}, {3, two_}}));
}

}  // namespace
}  // namespace stockpot::io
