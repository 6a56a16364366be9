#include "stockpot/tensor/convert.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <type_traits>

namespace stockpot {
namespace {

static_assert(std::endian::native == std::endian::little, "checkpoint files are little-endian");

/// A binary format of IEEE layout: sign, exponent field, stored fraction.
struct Format {
  int fraction_bits;
  int min_exponent;  ///< of the smallest normal number
  int max_exponent;  ///< of the largest finite number

  [[nodiscard]] constexpr std::uint32_t infinity() const {
    return static_cast<std::uint32_t>(max_exponent - min_exponent + 2) << fraction_bits;
  }
  [[nodiscard]] constexpr std::uint32_t quiet_nan() const {
    return infinity() | (std::uint32_t{1} << (fraction_bits - 1));
  }
};
constexpr Format bf16_format{7, -126, 127};
constexpr Format f16_format{10, -14, 15};

/// Magnitude bits (no sign) of `magnitude` >= 0, rounded once, to nearest, ties to even.
std::uint32_t rounded_magnitude(Format format, double magnitude) {
  constexpr int double_fraction_bits = 52;
  constexpr int double_bias = 1023;
  if (std::isnan(magnitude)) return format.quiet_nan();
  const auto bits = std::bit_cast<std::uint64_t>(magnitude);
  const int exponent = static_cast<int>(bits >> double_fraction_bits) - double_bias;
  if (exponent > format.max_exponent) return format.infinity();

  // magnitude = significand * 2^(exponent - 52). A subnormal double, whose hidden bit is not set, is far
  // below every format's range and leaves by the shift test like other tiny numbers.
  constexpr std::uint64_t hidden_bit = std::uint64_t{1} << double_fraction_bits;
  const std::uint64_t significand = (bits & (hidden_bit - 1)) | hidden_bit;
  const int base_exponent = std::max(exponent, format.min_exponent);
  const int shift = (base_exponent - format.fraction_bits) - (exponent - double_fraction_bits);
  if (shift > double_fraction_bits + 1) return 0;  // below half of the smallest subnormal
  std::uint64_t kept = significand >> shift;
  const std::uint64_t rest = significand & ((std::uint64_t{1} << shift) - 1);
  const std::uint64_t half = std::uint64_t{1} << (shift - 1);
  if (rest > half || (rest == half && kept % 2 == 1)) ++kept;

  // The hidden bit of a normal number, or a carry out of the fraction, moves the exponent field up by one;
  // the largest finite number then becomes infinity.
  const auto exponent_steps = static_cast<std::uint32_t>(base_exponent - format.min_exponent);
  return (exponent_steps << format.fraction_bits) + static_cast<std::uint32_t>(kept);
}

std::uint16_t rounded(Format format, double value) {
  const bool negative = std::signbit(value) && !std::isnan(value);
  const std::uint32_t sign = negative ? 0x8000u : 0u;
  return static_cast<std::uint16_t>(sign | rounded_magnitude(format, std::abs(value)));
}

/// Value of `magnitude` (no sign bit) of a format whose exponent field has no reserved top value.
double finite_value(std::uint32_t magnitude, int fraction_bits, int min_exponent) {
  const std::uint32_t field = magnitude >> fraction_bits;
  const std::uint32_t hidden_bit = std::uint32_t{1} << fraction_bits;
  const std::uint32_t fraction = magnitude & (hidden_bit - 1);
  const std::uint32_t significand = field == 0 ? fraction : fraction + hidden_bit;
  const int exponent = min_exponent + (field == 0 ? 0 : static_cast<int>(field) - 1);
  return std::ldexp(static_cast<double>(significand), exponent - fraction_bits);
}

template <typename T>
T load(const std::byte* data, std::uint64_t index) {
  T value;
  std::memcpy(&value, data + index * sizeof(T), sizeof(T));
  return value;
}

template <typename T>
void store(std::byte* data, std::uint64_t index, T value) {
  std::memcpy(data + index * sizeof(T), &value, sizeof(T));
}

}  // namespace

double bf16_to_double(std::uint16_t bits) {
  return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16));
}

double f16_to_double(std::uint16_t bits) {
  const std::uint32_t magnitude = bits & 0x7fffu;
  double value = finite_value(magnitude, f16_format.fraction_bits, f16_format.min_exponent);
  if (magnitude == f16_format.infinity()) value = std::numeric_limits<double>::infinity();
  if (magnitude > f16_format.infinity()) value = std::numeric_limits<double>::quiet_NaN();
  return bits >= 0x8000u ? -value : value;
}

double f8_e4m3_to_double(std::uint8_t bits) {
  const std::uint32_t magnitude = bits & 0x7fu;
  const double value =
      magnitude == 0x7fu ? std::numeric_limits<double>::quiet_NaN() : finite_value(magnitude, 3, -6);
  return bits >= 0x80u ? -value : value;
}

double f8_e5m2_to_double(std::uint8_t bits) {
  return f16_to_double(static_cast<std::uint16_t>(bits << 8));
}

std::uint16_t double_to_bf16(double value) {
  return rounded(bf16_format, value);
}
std::uint16_t double_to_f16(double value) {
  return rounded(f16_format, value);
}
float double_to_f32(double value) {
  return std::isnan(value) ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(value);
}

double load_as_double(DType dtype, const std::byte* data, std::uint64_t index) {
  if (dtype == DType::bf16) return bf16_to_double(load<std::uint16_t>(data, index));
  if (dtype == DType::f16) return f16_to_double(load<std::uint16_t>(data, index));
  if (dtype == DType::f32) return static_cast<double>(load<float>(data, index));
  if (dtype == DType::f64) return load<double>(data, index);
  if (dtype == DType::f8_e4m3) return f8_e4m3_to_double(load<std::uint8_t>(data, index));
  if (dtype == DType::f8_e5m2) return f8_e5m2_to_double(load<std::uint8_t>(data, index));
  throw std::invalid_argument("load_as_double: this dtype has no value as a number to merge");
}

void store_rounded(DType dtype, std::byte* data, std::uint64_t index, double value) {
  if (dtype == DType::bf16) return store(data, index, double_to_bf16(value));
  if (dtype == DType::f16) return store(data, index, double_to_f16(value));
  if (dtype == DType::f32) return store(data, index, double_to_f32(value));
  if (dtype == DType::f64) {
    return store(data, index, std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value);
  }
  throw std::invalid_argument("store_rounded: not an output dtype");
}

}  // namespace stockpot
