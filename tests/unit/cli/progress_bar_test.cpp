#include "cli/progress_bar.hpp"

#include <gtest/gtest.h>

namespace stockpot::cli {
namespace {

TEST(ProgressText, ShowsBytesRateAndTimeLeft) {
  EXPECT_EQ(progress_text({1'000'000'000, 4'000'000'000, 2.0}, 8),
            "[##------]  25 %  1.00 of 4.00 GB  500.00 MB/s  ETA 0:06");
}

TEST(ProgressText, KnowsHours) {
  EXPECT_EQ(progress_text({1'000'000'000, 8'201'000'000'000, 1.0}, 4),
            "[----]   0 %  1.00 of 8201.00 GB  1.00 GB/s  ETA 2:16:40");
}

TEST(ProgressText, UsesUnitsThatFit) {
  EXPECT_EQ(progress_text({1'500'000, 6'000'000, 1.0}, 4),
            "[#---]  25 %  1.50 of 6.00 MB  1.50 MB/s  ETA 0:03");
  EXPECT_EQ(progress_text({3'000, 12'340, 10.0}, 4), "[----]  24 %  3.00 of 12.34 KB  300 B/s  ETA 0:32");
  EXPECT_EQ(progress_text({7, 999, 0.0}, 4), "[----]   0 %  7 of 999 B  0 B/s  ETA 0:00");
  EXPECT_EQ(progress_text({1'000, 1'000, 0.001}, 4), "[####] 100 %  1.00 of 1.00 KB  1.00 MB/s  ETA 0:00");
  EXPECT_EQ(progress_text({10'000, 1'000'000'000, 1.0}, 4),
            "[----]   0 %  0.00 of 1.00 GB  10.00 KB/s  ETA 27:46:39");
}

TEST(ProgressText, IsFullOnlyWhenAllIsDone) {
  EXPECT_NE(progress_text({999, 1000, 1.0}, 10).find(" 99 %"), std::string::npos);
  EXPECT_NE(progress_text({1000, 1000, 1.0}, 10).find("[##########] 100 %"), std::string::npos);
  EXPECT_NE(progress_text({0, 0, 0.0}, 10).find("100 %"), std::string::npos);
}

TEST(ProgressText, RemainsInItsBarWhenMoreIsDoneThanWasPlanned) {
  EXPECT_NE(progress_text({2000, 1000, 1.0}, 10).find("[##########] 100 %"), std::string::npos);
}

TEST(Progress, NoneIsNoSink) {
  EXPECT_FALSE(make_progress(ProgressStyle::none, "merging"));
}

}  // namespace
}  // namespace stockpot::cli
