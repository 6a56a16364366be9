#include "stockpot/io/scratch_file.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "stockpot/base/error.hpp"
#include "support/temporary_folder.hpp"

namespace stockpot::io {
namespace {

TEST(ScratchFile, HasNoNameAndKeepsItsBytes) {
  const stockpot::test::TemporaryFolder folder;
  const ScratchFile one(folder.path());
  const ScratchFile other(folder.path());
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  const std::array<double, 3> values{1.5, -2.0, 3.25};
  one.write(4096, std::as_bytes(std::span(values)));
  std::array<double, 3> found{};
  other.write(0, std::as_bytes(std::span(found)));
  one.read(4096, std::as_writable_bytes(std::span(found)));
  EXPECT_EQ(found, values);
}

TEST(ScratchFile, NeedsAFolder) {
  const stockpot::test::TemporaryFolder folder;
  EXPECT_THROW(ScratchFile(folder / "missing"), Error);
}

}  // namespace
}  // namespace stockpot::io
