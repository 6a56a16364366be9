#include "stockpot/base/process.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace stockpot {
namespace {

TEST(Process, PeakMemoryHoldsWhatWasTouched) {
  const ResidentMemory before = resident_memory();
  const std::size_t size = std::size_t{64} << 20;
  {
    std::vector<char> touched(size, 1);
    std::memset(touched.data(), 2, touched.size());
    EXPECT_GE(resident_memory().now_bytes, size);
  }
  const ResidentMemory after = resident_memory();
  EXPECT_GE(after.peak_bytes, before.now_bytes + size / 2);
  EXPECT_GE(after.peak_bytes, after.now_bytes);
}

TEST(Process, KnowsItsHostAndProcessors) {
  EXPECT_GE(available_processors(), 1);
  EXPECT_FALSE(host_name().empty());
}

}  // namespace
}  // namespace stockpot
