#include "stockpot/base/unique_handle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <type_traits>
#include <vector>

namespace stockpot {
namespace {

std::vector<int>& released() {
  static std::vector<int> handles;
  return handles;
}

struct Traits {
  using Handle = int;
  static int none() noexcept { return -1; }
  static void release(int handle) noexcept { released().push_back(handle); }
};
using Holder = UniqueHandle<Traits>;
static_assert(!std::is_copy_constructible_v<Holder> && std::is_nothrow_move_assignable_v<Holder>);

class UniqueHandleTest : public testing::Test {
 protected:
  void SetUp() override { released().clear(); }
};

TEST_F(UniqueHandleTest, ReleasesOnceAtTheEndOfItsLife) {
  {
    const Holder holder(3);
    EXPECT_TRUE(holder);
    EXPECT_EQ(holder.get(), 3);
    EXPECT_THAT(released(), testing::IsEmpty());
  }
  EXPECT_THAT(released(), testing::ElementsAre(3));
}

TEST_F(UniqueHandleTest, EmptyReleasesNothing) {
  { const Holder holder; }
  EXPECT_THAT(released(), testing::IsEmpty());
}

TEST_F(UniqueHandleTest, MoveLeavesTheSourceEmpty) {
  {
    Holder source(4);
    const Holder target(std::move(source));
    EXPECT_FALSE(source);  // NOLINT(bugprone-use-after-move): that is what is tested
    EXPECT_EQ(target.get(), 4);
  }
  EXPECT_THAT(released(), testing::ElementsAre(4));
}

TEST_F(UniqueHandleTest, MovingIntoAnOwnerReleasesWhatItHeld) {
  Holder target(5);
  target = Holder(6);
  EXPECT_EQ(target.get(), 6);
  EXPECT_THAT(released(), testing::ElementsAre(5));
}

TEST_F(UniqueHandleTest, TakeGivesUpOwnershipResetDoesNot) {
  Holder holder(7);
  EXPECT_EQ(holder.take(), 7);
  EXPECT_FALSE(holder);
  EXPECT_THAT(released(), testing::IsEmpty());
  holder.reset(8);
  holder.reset();
  EXPECT_THAT(released(), testing::ElementsAre(8));
}

}  // namespace
}  // namespace stockpot
