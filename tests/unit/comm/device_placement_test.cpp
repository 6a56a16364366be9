#include "stockpot/comm/device_placement.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace stockpot {
namespace {

using comm::DevicePlace;

std::string reason(const std::vector<DevicePlace>& places) {
  return comm::host_staging_reason(places);
}

TEST(DevicePlacement, AGpuEachNeedsNoStaging) {
  EXPECT_EQ(reason({}), "");
  EXPECT_EQ(reason({{"a", "GPU-1", ""}, {"a", "GPU-2", ""}, {"b", "GPU-3", ""}}), "");
}

TEST(DevicePlacement, SharedGpusAreNamedWithTheirRanks) {
  EXPECT_EQ(reason({{"a", "GPU-1", ""}, {"b", "GPU-2", ""}, {"a", "GPU-1", ""}, {"a", "GPU-1", ""}}),
            "ranks 0 and 2 on a share GPU GPU-1");
}

TEST(DevicePlacement, ARankWithoutGpuDecides) {
  EXPECT_EQ(reason({{"a", "GPU-1", ""}, {"b", "", "no CUDA device 0"}}), "rank 1 on b: no CUDA device 0");
  // Two ranks without a GPU don't share one.
  EXPECT_EQ(reason({{"a", "", "no driver"}, {"a", "", "no driver"}}), "rank 0 on a: no driver");
}

}  // namespace
}  // namespace stockpot
