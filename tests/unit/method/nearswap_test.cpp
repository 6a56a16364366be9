#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "method_driver.hpp"

namespace stockpot::method {
namespace {

using Values = std::vector<double>;

Values swapped(double t, const Values& donor, const Values& base) {
  MethodRun run{.method = *find_method("nearswap"), .input_dtype = DType::f64, .output_dtype = DType::f64};
  run.models = {donor};
  run.anchor = base;
  run.values.shared = {{"t", t}};
  return MethodRun::load(DType::f64, run.run());
}

TEST(Nearswap, FollowsItsExpression) {
  for (const std::uint64_t elements : {0U, 1U, 99U, 5000U}) {
    const Values donor = random_values(DType::f64, elements, 1);
    const Values base = random_values(DType::f64, elements, 2);
    for (const double t : {-1.0, 0.0, 1e-3, 0.3, 7.0}) {
      Values expected;
      for (std::size_t e = 0; e < elements; ++e) {
        const double w = std::clamp(t / std::max(std::abs(base[e] - donor[e]), 1e-6), 0.0, 1.0);
        const volatile double other = (1.0 - w) * base[e];
        expected.push_back(w * donor[e] + other);
      }
      EXPECT_EQ(swapped(t, donor, base), expected) << t;
    }
  }
}

TEST(Nearswap, TakesTheOtherModelUpToTheDistance) {
  EXPECT_EQ(swapped(0.5, {1.5, 1.25, 3.0}, {1.0, 1.0, 1.0}), Values({1.5, 1.25, 0.25 * 3.0 + 0.75 * 1.0}));
}

TEST(Nearswap, KeepsTheBaseModelWhereTIsNotAboveZero) {
  const Values base{0.5, -2.0, 1e30};
  EXPECT_EQ(swapped(0.0, {0.25, 5.0, -1e30}, base), base);
  EXPECT_EQ(swapped(-3.0, {0.25, 5.0, -1e30}, base), base);
}

TEST(Nearswap, DifferencesBelowAMillionthCountAsOne) {
  // t / 1e-6 = 0.5, not t / 2^-30.
  const double near = 1.0 + 0x1p-30;
  EXPECT_EQ(swapped(5e-7, {near}, {1.0}), Values({5e-7 / 1e-6 * near + (1.0 - 5e-7 / 1e-6) * 1.0}));
}

}  // namespace
}  // namespace stockpot::method
