#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "stockpot/kernel/linear_form.hpp"
#include "stockpot/tensor/convert.hpp"

namespace stockpot::kernel::test {

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

inline std::vector<DType> mergeable_types() {
  return {DType::f64, DType::f32, DType::f16, DType::bf16, DType::f8_e4m3, DType::f8_e5m2};
}
inline std::vector<DType> output_types() {
  return {DType::f64, DType::f32, DType::f16, DType::bf16};
}

enum class Kind {
  bits,     ///< any bit pattern
  finite,   ///< any bit pattern of a finite number
  weights,  ///< what networks hold: small numbers around zero, many of them multiples of 1/64
  edges,    ///< zeros, subnormals, the largest numbers; seldom infinity and NaN
  few,      ///< both zeros and a handful of other small numbers: differences repeat, cancel and vanish
};

/// `count` packed elements at an address that is odd more often than not, with guarded margins.
class Elements {
 public:
  Elements() = default;
  Elements(DType dtype, std::uint64_t count, std::mt19937_64& generator, Kind kind)
      : dtype_(dtype),
        count_(count),
        offset_(margin_bytes + generator() % 64),
        bytes_(offset_ + size() + margin_bytes) {
    std::fill(bytes_.begin(), bytes_.end(), guard);
    for (std::uint64_t i = 0; i < count; ++i) fill(i, generator, kind);
  }

  [[nodiscard]] TypedInput view() const { return {dtype_, bytes_.data() + offset_}; }
  [[nodiscard]] TypedOutput output() { return {dtype_, bytes_.data() + offset_}; }
  [[nodiscard]] DType dtype() const { return dtype_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::string element(std::uint64_t index) const {
    const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(offset_ + index * width());
    std::string text;
    std::for_each(begin, begin + static_cast<std::ptrdiff_t>(width()),
                  [&text](std::byte byte) { text += static_cast<char>(byte); });
    return text;
  }
  [[nodiscard]] double value(std::uint64_t index) const { return load_as_double(dtype_, view().data, index); }
  [[nodiscard]] bool margins_untouched() const {
    const auto is_guard = [](std::byte byte) { return byte == guard; };
    return std::all_of(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(offset_), is_guard) &&
           std::all_of(bytes_.end() - static_cast<std::ptrdiff_t>(margin_bytes), bytes_.end(), is_guard);
  }

 private:
  static constexpr std::uint64_t margin_bytes = 64;
  static constexpr std::byte guard{0xa5};

  [[nodiscard]] std::uint64_t width() const { return static_cast<std::uint64_t>(bytes(dtype_)); }
  [[nodiscard]] std::uint64_t size() const { return count_ * width(); }

  void fill_bits(std::uint64_t index, std::uint64_t bits) {
    for (std::uint64_t i = 0; i < width(); ++i) {
      bytes_[offset_ + index * width() + i] = static_cast<std::byte>((bits >> (8 * i)) & 0xffu);
    }
  }
  void fill(std::uint64_t index, std::mt19937_64& generator, Kind kind) {
    fill_bits(index, generator());
    if (kind == Kind::finite) {
      while (!std::isfinite(value(index))) fill_bits(index, generator());
    }
    if (kind == Kind::weights && is_output(dtype_)) {
      const double normal = std::normal_distribution<double>(0.0, 0.3)(generator);
      store_rounded(dtype_, bytes_.data() + offset_, index,
                    generator() % 3 == 0 ? std::round(normal * 64.0) / 64.0 : normal);
    }
    if (kind == Kind::few) {
      const std::uint64_t choice = generator() % 8;
      const double magnitude = choice < 3 ? 0.0 : static_cast<double>(choice) / 64.0;
      if (is_output(dtype_)) {
        store_rounded(dtype_, bytes_.data() + offset_, index, generator() % 2 == 0 ? magnitude : -magnitude);
      } else {
        fill_bits(index, (generator() % 2) << 7 | (choice < 3 ? 0 : 0x20 + choice));
      }
    }
    if (kind == Kind::edges) {
      const std::uint64_t sign = (generator() % 2) << (8 * width() - 1);
      const std::uint64_t ones = ~std::uint64_t{0} >> (65 - 8 * width());
      const std::uint64_t choice = generator() % 16;
      if (choice < 5) fill_bits(index, sign | (generator() % 5));
      if (choice >= 5 && choice < 10)
        fill_bits(index, sign | (generator() & (ones >> (width() == 2 ? 6 : 3))));
      if (choice == 10) fill_bits(index, sign | (ones - generator() % 5));
      if (choice > 10) {
        while (!std::isfinite(value(index))) fill_bits(index, generator());
      }
    }
  }

  DType dtype_ = DType::f32;
  std::uint64_t count_ = 0;
  std::uint64_t offset_ = 0;
  std::vector<std::byte> bytes_;
};

/// Bit for bit, naming the first element that differs.
inline void expect_same(const Elements& actual, const Elements& expected) {
  ASSERT_EQ(actual.dtype(), expected.dtype());
  ASSERT_EQ(actual.count(), expected.count());
  for (std::uint64_t i = 0; i < actual.count(); ++i) {
    ASSERT_EQ(actual.element(i), expected.element(i)) << "element " << i << " of " << actual.count() << ": "
                                                      << actual.value(i) << ", not " << expected.value(i);
  }
}

/// Runs each test with the instruction set that is its parameter.
class InstructionSetTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { restrict_instruction_set(GetParam().c_str()); }
  void TearDown() override { restrict_instruction_set(""); }
};
inline std::string set_name(const testing::TestParamInfo<std::string>& info) {
  return info.param;
}

}  // namespace stockpot::kernel::test
