#include "report/element_difference.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "support/checkpoint_builder.hpp"

namespace stockpot::report {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

ElementDifference compare(DType a, const std::vector<double>& x, DType b, const std::vector<double>& y) {
  return LeafComparison(a, b).compare(test::encode(a, x).data(), test::encode(b, y).data(), x.size());
}

std::vector<double> small_integers(std::size_t count, std::uint64_t seed, int largest) {
  std::mt19937_64 generator(seed);
  std::vector<double> values(count);
  for (double& value : values) {
    value = static_cast<double>(generator() % static_cast<std::uint64_t>(2 * largest + 1)) - largest;
  }
  return values;
}

/// Of small integers every sum is exact, so that any order gives these bits.
ElementDifference exact(const std::vector<double>& x, const std::vector<double>& y) {
  ElementDifference sums;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double apart = x[i] - y[i];
    sums.sums[0] += apart * apart;
    sums.sums[1] += x[i] * x[i];
    sums.sums[2] += y[i] * y[i];
    sums.sums[3] += x[i] * y[i];
    sums.largest = std::max(sums.largest, std::abs(apart));
    sums.differing += apart != 0.0 ? 1U : 0U;
  }
  return sums;
}

void expect_equal(const ElementDifference& found, const ElementDifference& expected) {
  EXPECT_EQ(found.sums, expected.sums);
  EXPECT_EQ(found.largest, expected.largest);
  EXPECT_EQ(found.differing, expected.differing);
}

TEST(ElementDifference, ExactForSmallIntegersOfEveryPairOfDtypes) {
  const std::vector<DType> floats{DType::f64, DType::f32, DType::f16, DType::bf16, DType::f8_e4m3};
  const std::vector<DType> integers{DType::i8, DType::i16, DType::i32, DType::i64};
  for (const auto& dtypes : {floats, integers}) {
    for (const DType a : dtypes) {
      for (const DType b : dtypes) {
        for (const std::size_t count : {0U, 1U, 7U, 8U, 9U, 1001U}) {
          SCOPED_TRACE(std::string(name(a)) + " " + std::string(name(b)) + " " + std::to_string(count));
          const auto x = small_integers(count, count + 1, 8);
          const auto y = small_integers(count, count + 2, 8);
          expect_equal(compare(a, x, b, y), exact(x, y));
          expect_equal(compare(a, x, b, x), exact(x, x));
        }
      }
    }
  }
}

TEST(ElementDifference, SumsAreNearTheTrueOnes) {
  std::mt19937_64 generator(42);
  std::normal_distribution<double> normal;
  std::vector<double> x(leaf_elements);
  std::vector<double> y(leaf_elements);
  std::array<long double, 4> sums{};
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = normal(generator);
    y[i] = x[i] + 1e-3 * normal(generator);
    const auto a = static_cast<long double>(x[i]);
    const auto b = static_cast<long double>(y[i]);
    sums[0] += (a - b) * (a - b);
    sums[1] += a * a;
    sums[2] += b * b;
    sums[3] += a * b;
  }
  const ElementDifference found = compare(DType::f64, x, DType::f64, y);
  for (std::size_t s = 0; s < sums.size(); ++s) {
    EXPECT_NEAR(found.sums[s] / static_cast<double>(sums[s]), 1.0, 1e-12) << s;
  }
}

TEST(ElementDifference, NanEqualsNanAndInfinityItself) {
  const ElementDifference same = compare(DType::f32, {nan, infinity, 1}, DType::f64, {nan, infinity, 1});
  EXPECT_EQ(same.differing, 0U);
  EXPECT_EQ(same.largest, 0.0);
  const ElementDifference one_nan = compare(DType::f32, {nan, 1}, DType::f32, {2, 1});
  EXPECT_EQ(one_nan.differing, 1U);
  EXPECT_EQ(one_nan.largest, infinity);
  const ElementDifference infinite = compare(DType::f32, {infinity, 1}, DType::f32, {-infinity, 1});
  EXPECT_EQ(infinite.largest, infinity);
}

TEST(ElementDifference, SignsOfZeroDifferInBitsOnly) {
  const ElementDifference found = compare(DType::bf16, {0.0, 1.0}, DType::bf16, {-0.0, 1.0});
  EXPECT_EQ(found.differing, 1U);
  EXPECT_EQ(found.largest, 0.0);
  EXPECT_EQ(compare(DType::bf16, {0.0, 1.0}, DType::f32, {-0.0, 1.0}).differing, 0U);
}

TEST(ElementDifference, LargeIntegersAreComparedExactly) {
  const std::uint64_t a[] = {std::uint64_t{1} << 63, 5};
  const std::uint64_t b[] = {(std::uint64_t{1} << 63) + 1, 5};
  const auto bytes_of = [](const std::uint64_t* values) {
    return reinterpret_cast<const std::byte*>(values);
  };
  const ElementDifference near = LeafComparison(DType::u64, DType::u64).compare(bytes_of(a), bytes_of(b), 2);
  EXPECT_EQ(near.largest, 1.0);
  EXPECT_EQ(near.differing, 1U);
  // 2^63 as u64 and -2^63 as i64 have the same bits.
  const ElementDifference far = LeafComparison(DType::u64, DType::i64).compare(bytes_of(a), bytes_of(a), 2);
  EXPECT_EQ(far.largest, 0x1p64);
  EXPECT_EQ(far.differing, 1U);
}

TEST(ElementDifference, PackedTypesAreComparedBitByBit) {
  const std::byte a[] = {std::byte{0x12}, std::byte{0x34}, std::byte{0x56}};
  const std::byte b[] = {std::byte{0x13}, std::byte{0x34}, std::byte{0xa7}};
  EXPECT_EQ(LeafComparison(DType::f4, DType::f4).compare(a, b, 6).differing, 3U);
  EXPECT_EQ(LeafComparison(DType::f6_e2m3, DType::f6_e2m3).compare(a, b, 4).differing, 1U);
  EXPECT_EQ(LeafComparison(DType::f6_e2m3, DType::f6_e2m3).compare(a, a, 4).differing, 0U);
  EXPECT_EQ(LeafComparison(DType::f8_e8m0, DType::f8_e8m0).compare(a, b, 3).differing, 2U);
}

TEST(ElementDifference, KindsOfComparison) {
  EXPECT_EQ(comparison_of(DType::bf16, DType::f8_e5m2), Comparison::floats);
  EXPECT_EQ(comparison_of(DType::boolean, DType::i64), Comparison::integers);
  EXPECT_EQ(comparison_of(DType::c64, DType::c64), Comparison::bits);
  EXPECT_EQ(comparison_of(DType::f4, DType::f6_e2m3), Comparison::none);
  EXPECT_EQ(comparison_of(DType::f32, DType::i32), Comparison::none);
}

}  // namespace
}  // namespace stockpot::report
