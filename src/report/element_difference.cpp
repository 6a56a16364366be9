#include "report/element_difference.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>

#include "stockpot/kernel/linear_form.hpp"

namespace stockpot::report {
namespace {

constexpr std::uint64_t lanes = 8;
using Lanes = std::array<double, lanes>;

double fold(const Lanes& sums) {
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

/// Sum of x y, in eight interleaved sums.
double dot(std::span<const double> x, std::span<const double> y) {
  Lanes sums{};
  const std::uint64_t whole = x.size() / lanes * lanes;
  for (std::uint64_t i = 0; i < whole; i += lanes) {
    for (std::uint64_t l = 0; l < lanes; ++l) sums[l] += x[i + l] * y[i + l];
  }
  for (std::uint64_t i = whole; i < x.size(); ++i) sums[i - whole] += x[i] * y[i];
  return fold(sums);
}

/// Replaces y by x - y, 0 where they are equal or both NaN. Gives max |x - y|: infinite where only one is
/// NaN.
double subtract(std::span<const double> x, std::span<double> y) {
  double largest = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool same = x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]));
    y[i] = same ? 0.0 : x[i] - y[i];
    const double distance = std::isnan(y[i]) ? std::numeric_limits<double>::infinity() : std::abs(y[i]);
    largest = std::max(largest, distance);
  }
  return largest;
}

template <typename Word>
std::uint64_t differing_words(const std::byte* a, const std::byte* b, std::uint64_t count) {
  std::uint64_t differing = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    Word x;
    Word y;
    std::memcpy(&x, a + i * sizeof(Word), sizeof(Word));
    std::memcpy(&y, b + i * sizeof(Word), sizeof(Word));
    differing += x != y ? 1U : 0U;
  }
  return differing;
}

std::uint64_t differing_nibbles(const std::byte* a, const std::byte* b, std::uint64_t byte_count) {
  std::uint64_t differing = 0;
  for (std::uint64_t i = 0; i < byte_count; ++i) {
    const std::byte bits_apart = a[i] ^ b[i];
    differing += (bits_apart & std::byte{0x0f}) != std::byte{0} ? 1U : 0U;
    differing += (bits_apart & std::byte{0xf0}) != std::byte{0} ? 1U : 0U;
  }
  return differing;
}

std::uint64_t differing_groups(const std::byte* a, const std::byte* b, std::uint64_t byte_count) {
  std::uint64_t differing = 0;
  for (std::uint64_t i = 0; i + 3 <= byte_count; i += 3) {
    differing += std::memcmp(a + i, b + i, 3) != 0 ? 1U : 0U;
  }
  return differing;
}

std::uint64_t bytes_of(DType dtype, std::uint64_t count) {
  return count * static_cast<std::uint64_t>(bits(dtype)) / 8;
}

/// Elements of one dtype whose bits differ.
std::uint64_t differing_elements(DType dtype, const std::byte* a, const std::byte* b, std::uint64_t count) {
  const std::uint64_t byte_count = bytes_of(dtype, count);
  if (byte_count == 0 || std::memcmp(a, b, byte_count) == 0) return 0;
  switch (bits(dtype)) {
    case 4:
      return differing_nibbles(a, b, byte_count);
    case 6:
      return differing_groups(a, b, byte_count);
    case 8:
      return differing_words<std::uint8_t>(a, b, count);
    case 16:
      return differing_words<std::uint16_t>(a, b, count);
    case 32:
      return differing_words<std::uint32_t>(a, b, count);
    default:
      return differing_words<std::uint64_t>(a, b, count);
  }
}

void widen(DType dtype, const std::byte* packed, std::span<double> out) {
  kernel::convert({dtype, packed}, {DType::f64, std::as_writable_bytes(out).data()}, out.size());
}

/// An integer of any dtype.
struct Integer {
  bool negative = false;
  std::uint64_t magnitude = 0;

  [[nodiscard]] double value() const {
    const auto size = static_cast<double>(magnitude);
    return negative ? -size : size;
  }
  friend bool operator==(const Integer&, const Integer&) = default;
};

double distance(const Integer& x, const Integer& y) {
  if (x.negative == y.negative) {
    return static_cast<double>(std::max(x.magnitude, y.magnitude) - std::min(x.magnitude, y.magnitude));
  }
  return static_cast<double>(x.magnitude) + static_cast<double>(y.magnitude);
}

template <typename T>
Integer integer_at(const std::byte* packed, std::uint64_t index) {
  T value;
  std::memcpy(&value, packed + index * sizeof(T), sizeof(T));
  if constexpr (std::is_signed_v<T>) {
    const auto wide = static_cast<std::uint64_t>(std::int64_t{value});  // sign-extended
    return {value < 0, value < 0 ? std::uint64_t{0} - wide : wide};
  } else {
    return {false, value};
  }
}

using IntegerLoader = Integer (*)(const std::byte*, std::uint64_t);

IntegerLoader loader_of(DType dtype) {
  if (dtype == DType::i8) return integer_at<std::int8_t>;
  if (dtype == DType::i16) return integer_at<std::int16_t>;
  if (dtype == DType::i32) return integer_at<std::int32_t>;
  if (dtype == DType::i64) return integer_at<std::int64_t>;
  if (dtype == DType::u16) return integer_at<std::uint16_t>;
  if (dtype == DType::u32) return integer_at<std::uint32_t>;
  if (dtype == DType::u64) return integer_at<std::uint64_t>;
  return integer_at<std::uint8_t>;  // BOOL too
}

}  // namespace

Comparison comparison_of(DType a, DType b) {
  if (is_mergeable(a) && is_mergeable(b)) return Comparison::floats;
  if (is_integer(a) && is_integer(b)) return Comparison::integers;
  return a == b ? Comparison::bits : Comparison::none;
}

LeafComparison::LeafComparison(DType a, DType b)
    : dtype_a_(a), dtype_b_(b), comparison_(comparison_of(a, b)) {
  if (comparison_ == Comparison::bits) return;
  values_a_.resize(leaf_elements);
  values_b_.resize(leaf_elements);
}

ElementDifference LeafComparison::compare(const std::byte* a, const std::byte* b, std::uint64_t count) {
  ElementDifference found;
  if (dtype_a_ == dtype_b_) found.differing = differing_elements(dtype_a_, a, b, count);
  if (comparison_ == Comparison::floats) compare_floats(a, b, count, found);
  if (comparison_ == Comparison::integers) compare_integers(a, b, count, found);
  return found;
}

void LeafComparison::compare_floats(const std::byte* a, const std::byte* b, std::uint64_t count,
                                    ElementDifference& found) {
  const std::span<double> x(values_a_.data(), count);
  const std::span<double> y(values_b_.data(), count);
  widen(dtype_a_, a, x);
  if (dtype_a_ == dtype_b_ && found.differing == 0) {
    const double squares = dot(x, x);
    found.sums = {0.0, squares, squares, squares};
    return;
  }
  widen(dtype_b_, b, y);
  found.sums[1] = dot(x, x);
  found.sums[2] = dot(y, y);
  found.sums[3] = dot(x, y);
  if (dtype_a_ != dtype_b_) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const bool same = x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]));
      found.differing += same ? 0U : 1U;
    }
  }
  found.largest = subtract(x, y);
  found.sums[0] = dot(y, y);
}

void LeafComparison::compare_integers(const std::byte* a, const std::byte* b, std::uint64_t count,
                                      ElementDifference& found) {
  const IntegerLoader load_a = loader_of(dtype_a_);
  const IntegerLoader load_b = loader_of(dtype_b_);
  const std::span<double> x(values_a_.data(), count);
  const std::span<double> y(values_b_.data(), count);
  found.differing = 0;
  double squares_apart = 0.0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Integer from_a = load_a(a, i);
    const Integer from_b = load_b(b, i);
    const double apart = distance(from_a, from_b);
    x[i] = from_a.value();
    y[i] = from_b.value();
    squares_apart += apart * apart;
    found.largest = std::max(found.largest, apart);
    found.differing += from_a == from_b ? 0U : 1U;
  }
  found.sums = {squares_apart, dot(x, x), dot(y, y), dot(x, y)};
}

}  // namespace stockpot::report
