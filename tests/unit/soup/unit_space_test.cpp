#include "soup/unit_space.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "stockpot/base/error.hpp"
#include "unit/soup/space_entries.hpp"

namespace stockpot::soup::testing {
namespace {

using Values = std::map<std::string, double>;

Values at(const UnitSpace& space, const Point& point) {
  return space.candidate(point).parameters;
}

TEST(UnitSpace, StretchesRangesAndCutsListsIntoCells) {
  const UnitSpace space({range("lambda", -1.0, 3.0), list("t", {0.5, 0.25, 1.0})});
  EXPECT_EQ(space.dimensions(), 2u);
  EXPECT_EQ(at(space, {0.25, 0.0}), (Values{{"lambda", 0.0}, {"t", 0.5}}));
  EXPECT_EQ(at(space, {0.0, 0.34}), (Values{{"lambda", -1.0}, {"t", 0.25}}));
  EXPECT_EQ(at(space, {1.0, 1.0}), (Values{{"lambda", 3.0}, {"t", 1.0}}));
  EXPECT_EQ(at(space, {-0.5, 1.5}), (Values{{"lambda", -1.0}, {"t", 1.0}}));
  EXPECT_EQ(at(space, space.middle()), (Values{{"lambda", 1.0}, {"t", 0.25}}));
}

TEST(UnitSpace, KeepsToTheEndsOfRanges) {
  const UnitSpace space({range("a", 0.1, 0.7), range("b", -1e308, 1e308)});
  EXPECT_EQ(at(space, {0.0, 0.0}), (Values{{"a", 0.1}, {"b", -1e308}}));
  EXPECT_EQ(at(space, {1.0, 1.0}), (Values{{"a", 0.7}, {"b", 1e308}}));
  EXPECT_EQ(at(space, {0.5, 0.5}).at("b"), 0.0);
}

TEST(UnitSpace, StepsReachAnotherValue) {
  for (std::size_t count = 2; count < 40; ++count) {
    std::vector<double> values;
    for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<double>(i));
    const UnitSpace space({list("t", values)});
    const Point middle = space.middle();
    EXPECT_EQ(at(space, middle).at("t"), static_cast<double>(count / 2));
    const double there = middle[0] + space.steps()[0];
    EXPECT_TRUE(there > 0.0 && there < 1.0) << count;
    EXPECT_LT(at(space, {there}).at("t"), static_cast<double>(count / 2)) << count;
    EXPECT_LT(space.tolerances()[0], std::abs(space.steps()[0])) << count;
  }
}

TEST(UnitSpace, LeavesOutWhatHasNoChoice) {
  const UnitSpace space({list("t", {0.5}), range("lambda", 0.0, 1.0)});
  EXPECT_EQ(space.dimensions(), 1u);
  EXPECT_EQ(at(space, {0.5}), (Values{{"lambda", 0.5}, {"t", 0.5}}));
  EXPECT_EQ(UnitSpace({list("t", {0.5})}).dimensions(), 0u);
}

TEST(UnitSpace, CountsDifferentCandidates) {
  EXPECT_EQ(UnitSpace({list("t", {1.0, 0.0, 1.0}), list("u", {1.0, 2.0})}).count(), 4u);
  EXPECT_EQ(UnitSpace({list("t", {1.0, 0.0}), range("u", 1.0, 2.0)}).count(), std::nullopt);
  EXPECT_THROW(UnitSpace({}), Error);
}

}  // namespace
}  // namespace stockpot::soup::testing
