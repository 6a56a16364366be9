#include "stockpot/tensor/convert.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

namespace stockpot {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A small format, with its value by definition (sign, fraction and exponent), independent of the code
/// tested.
struct Small {
  const char* name;
  int fraction_bits;
  int bias;
  std::uint32_t infinity_bits;  ///< 0: the format has none
  std::uint32_t nan_bits;       ///< the first one, as a magnitude
  std::uint32_t magnitude_mask;

  [[nodiscard]] long double value(std::uint32_t bits) const {
    const std::uint32_t magnitude = bits & magnitude_mask;
    const std::uint32_t field = magnitude >> fraction_bits;
    const auto fraction = static_cast<long double>(magnitude % (1u << fraction_bits)) /
                          static_cast<long double>(1u << fraction_bits);
    long double result = field == 0
                             ? fraction * std::pow(2.0L, static_cast<long double>(1 - bias))
                             : (1.0L + fraction) * std::pow(2.0L, static_cast<long double>(field) - bias);
    if (infinity_bits != 0 && magnitude == infinity_bits)
      result = std::numeric_limits<long double>::infinity();
    if (magnitude >= nan_bits) result = std::numeric_limits<long double>::quiet_NaN();
    return bits > magnitude_mask ? -result : result;
  }
};
constexpr Small bf16{"bf16", 7, 127, 0x7f80, 0x7f81, 0x7fff};
constexpr Small f16{"f16", 10, 15, 0x7c00, 0x7c01, 0x7fff};
constexpr Small e4m3{"e4m3", 3, 7, 0, 0x7f, 0x7f};
constexpr Small e5m2{"e5m2", 2, 15, 0x7c, 0x7d, 0x7f};

void expect_widens(const Small& format, const std::function<double(std::uint32_t)>& widen) {
  for (std::uint32_t bits = 0; bits <= 2 * format.magnitude_mask + 1; ++bits) {
    const long double expected = format.value(bits);
    const double actual = widen(bits);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(actual)) << format.name << " " << bits;
    } else {
      ASSERT_EQ(static_cast<long double>(actual), expected) << format.name << " " << bits;
      ASSERT_EQ(std::signbit(actual), bits > format.magnitude_mask) << format.name << " " << bits;
    }
  }
}

TEST(Convert, WidensEveryPatternByDefinition) {
  expect_widens(bf16, [](std::uint32_t bits) { return bf16_to_double(static_cast<std::uint16_t>(bits)); });
  expect_widens(f16, [](std::uint32_t bits) { return f16_to_double(static_cast<std::uint16_t>(bits)); });
  expect_widens(e4m3, [](std::uint32_t bits) { return f8_e4m3_to_double(static_cast<std::uint8_t>(bits)); });
  expect_widens(e5m2, [](std::uint32_t bits) { return f8_e5m2_to_double(static_cast<std::uint8_t>(bits)); });
}

TEST(Convert, LargestAndSmallestSmallFloats) {
  EXPECT_EQ(f8_e4m3_to_double(0x7e), 448.0);
  EXPECT_EQ(f8_e4m3_to_double(0x01), 0x1p-9);
  EXPECT_EQ(f8_e5m2_to_double(0x7b), 57344.0);
  EXPECT_EQ(f8_e5m2_to_double(0x01), 0x1p-16);
  EXPECT_EQ(f16_to_double(0x7bff), 65504.0);
  EXPECT_EQ(f16_to_double(0x0001), 0x1p-24);
  EXPECT_EQ(bf16_to_double(0x7f7f), 0x1.fep127);
  EXPECT_EQ(bf16_to_double(0x0001), 0x1p-133);
}

using Narrow = std::uint16_t (*)(double);

/// The nearest of the format's numbers by search: the two neighbours of `value` are compared by distance in
/// long double, where all of these are exact. The number after the largest counts as a neighbour, infinity.
std::uint32_t nearest_by_search(const Small& format, double value) {
  if (std::isnan(value)) return format.infinity_bits | (1u << (format.fraction_bits - 1));
  const std::uint32_t sign = std::signbit(value) ? 0x8000u : 0u;
  const long double magnitude = std::abs(static_cast<long double>(value));
  std::uint32_t low = 0;
  std::uint32_t high = format.infinity_bits;
  while (high - low > 1) {
    const std::uint32_t middle = (low + high) / 2;
    (format.value(middle) <= magnitude ? low : high) = middle;
  }
  const long double last_step =
      format.value(format.infinity_bits - 1) - format.value(format.infinity_bits - 2);
  const long double above = high == format.infinity_bits ? format.value(low) + last_step : format.value(high);
  const long double down = magnitude - format.value(low);
  const long double up = above - magnitude;
  if (down == up) return sign | (low % 2 == 0 ? low : high);
  return sign | (down < up ? low : high);
}

/// Every number of the format, every midpoint between neighbours, and the doubles next to them.
void expect_rounds(const Small& format, Narrow narrow) {
  for (std::uint32_t bits = 0; bits < format.infinity_bits; ++bits) {
    const auto here = static_cast<double>(format.value(bits));
    const double next = bits + 1 == format.infinity_bits
                            ? 2.0 * here - static_cast<double>(format.value(bits - 1))
                            : static_cast<double>(format.value(bits + 1));
    const double middle = (here + next) / 2.0;
    const std::uint32_t even = bits % 2 == 0 ? bits : bits + 1;
    ASSERT_EQ(narrow(here), bits);
    ASSERT_EQ(narrow(std::nextafter(here, infinity)), bits);
    ASSERT_EQ(narrow(std::nextafter(next, 0.0)), bits + 1);
    ASSERT_EQ(narrow(std::nextafter(middle, 0.0)), bits);
    ASSERT_EQ(narrow(middle), even);
    ASSERT_EQ(narrow(std::nextafter(middle, infinity)), bits + 1);
    ASSERT_EQ(narrow(-middle), 0x8000u | even);
    ASSERT_EQ(narrow(-std::nextafter(middle, infinity)), 0x8000u | (bits + 1));
  }
}

TEST(Convert, RoundsToNearestEvenAtEveryNumberAndMidpoint) {
  expect_rounds(bf16, double_to_bf16);
  expect_rounds(f16, double_to_f16);
}

TEST(Convert, RoundsAnyDoubleToTheNearest) {
  std::mt19937_64 generator(1);
  for (int i = 0; i < 20000; ++i) {
    const double any = std::bit_cast<double>(generator());
    const double near_one =
        std::ldexp(std::normal_distribution<double>()(generator), static_cast<int>(generator() % 300) - 150);
    for (const double value : {any, near_one}) {
      ASSERT_EQ(double_to_bf16(value), nearest_by_search(bf16, value)) << value;
      ASSERT_EQ(double_to_f16(value), nearest_by_search(f16, value)) << value;
    }
  }
}

TEST(Convert, EveryPatternSurvivesTheRoundTrip) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const bool bf16_nan = (bits & 0x7fffu) > 0x7f80u;
    const bool f16_nan = (bits & 0x7fffu) > 0x7c00u;
    ASSERT_EQ(double_to_bf16(bf16_to_double(half)), bf16_nan ? 0x7fc0u : bits);
    ASSERT_EQ(double_to_f16(f16_to_double(half)), f16_nan ? 0x7e00u : bits);
  }
}

TEST(Convert, IsNotFooledByRoundingThroughFloat) {
  // Just above a midpoint of bf16, by less than a float sees.
  EXPECT_EQ(double_to_bf16(0x1.01p0), 0x3f80);
  EXPECT_EQ(double_to_bf16(0x1.0100000000001p0), 0x3f81);
  EXPECT_EQ(double_to_f16(0x1.002p0), 0x3c00);
  EXPECT_EQ(double_to_f16(0x1.0020000000001p0), 0x3c01);
  // The same below the normal range.
  EXPECT_EQ(double_to_bf16(0x1.8p-133), 0x0002);
  EXPECT_EQ(double_to_bf16(0x1.7ffffffffffffp-133), 0x0001);
  EXPECT_EQ(double_to_bf16(0x1p-134), 0x0000);
  EXPECT_EQ(double_to_bf16(0x1.0000000000001p-134), 0x0001);
  EXPECT_EQ(double_to_f16(0x1.0000000000001p-25), 0x0001);
}

TEST(Convert, KeepsTheSignOfZeroAndOverflowsToInfinity) {
  EXPECT_EQ(double_to_bf16(-0.0), 0x8000);
  EXPECT_EQ(double_to_f16(-1e-300), 0x8000);
  EXPECT_EQ(double_to_f16(std::numeric_limits<double>::denorm_min()), 0x0000);
  EXPECT_EQ(double_to_f16(-65520.0), 0xfc00);
  EXPECT_EQ(double_to_f16(65519.999), 0x7bff);
  EXPECT_EQ(double_to_bf16(1e300), 0x7f80);
  EXPECT_EQ(double_to_bf16(-infinity), 0xff80);
  EXPECT_EQ(double_to_f32(1e300), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::signbit(double_to_f32(-1e-300)));
}

TEST(Convert, FloatIsTheNearestOfItsNeighbours) {
  std::mt19937_64 generator(2);
  for (int i = 0; i < 200000; ++i) {
    const double value =
        std::ldexp(std::normal_distribution<double>()(generator), static_cast<int>(generator() % 300) - 160);
    const float rounded = double_to_f32(value);
    if (std::isinf(rounded)) continue;
    const long double distance =
        std::abs(static_cast<long double>(value) - static_cast<long double>(rounded));
    for (const float toward : {-HUGE_VALF, HUGE_VALF}) {
      const auto neighbour = static_cast<long double>(std::nextafter(rounded, toward));
      const long double other = std::abs(static_cast<long double>(value) - neighbour);
      ASSERT_LE(distance, other) << value;
      ASSERT_TRUE(distance < other || std::bit_cast<std::uint32_t>(rounded) % 2 == 0) << value;
    }
  }
}

TEST(Convert, EveryNanBecomesTheSameQuietNan) {
  for (const std::uint64_t bits :
       {0x7ff8000000000000u, 0xfff8000000000000u, 0x7ff0000000000001u, 0xffffffffffffffffu}) {
    const auto nan = std::bit_cast<double>(std::uint64_t{bits});
    EXPECT_EQ(double_to_bf16(nan), 0x7fc0);
    EXPECT_EQ(double_to_f16(nan), 0x7e00);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(double_to_f32(nan)), 0x7fc00000u);
    std::array<std::byte, 8> stored{};
    store_rounded(DType::f64, stored.data(), 0, nan);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(stored), 0x7ff8000000000000u);
  }
}

TEST(Convert, LoadsAndStoresAtAnyAddress) {
  for (const DType dtype : {DType::f64, DType::f32, DType::f16, DType::bf16}) {
    std::vector<std::byte> bytes(1 + 3 * static_cast<std::size_t>(stockpot::bytes(dtype)));
    std::byte* const odd = bytes.data() + 1;
    for (std::uint64_t i = 0; i < 3; ++i) store_rounded(dtype, odd, i, 1.5 - static_cast<double>(i));
    EXPECT_EQ(load_as_double(dtype, odd, 0), 1.5);
    EXPECT_EQ(load_as_double(dtype, odd, 1), 0.5);
    EXPECT_EQ(load_as_double(dtype, odd, 2), -0.5);
  }
  const std::array<std::byte, 2> small{std::byte{0x38}, std::byte{0xbc}};
  EXPECT_EQ(load_as_double(DType::f8_e4m3, small.data(), 0), 1.0);
  EXPECT_EQ(load_as_double(DType::f8_e5m2, small.data(), 1), -1.0);
}

TEST(Convert, RefusesTypesThatAreNoNumbersToMerge) {
  std::array<std::byte, 8> bytes{};
  EXPECT_THROW(load_as_double(DType::i32, bytes.data(), 0), std::invalid_argument);
  EXPECT_THROW(store_rounded(DType::f8_e4m3, bytes.data(), 0, 1.0), std::invalid_argument);
}

}  // namespace
}  // namespace stockpot
