#include "stockpot/engine/zero_count.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "stockpot/tensor/convert.hpp"

namespace stockpot::engine {
namespace {

std::vector<std::byte> random_bytes(std::size_t size, unsigned share_of_zeros, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) {
    const std::uint64_t bits = generator();
    if (bits % 100 >= share_of_zeros) byte = static_cast<std::byte>(bits >> 56);
  }
  return bytes;
}

TEST(ZeroCount, FloatsAreZeroWhenTheirValueIs) {
  for (const DType dtype :
       {DType::f64, DType::f32, DType::f16, DType::bf16, DType::f8_e4m3, DType::f8_e5m2}) {
    const auto width = static_cast<std::size_t>(bytes(dtype));
    std::vector<std::byte> packed = random_bytes(777 * width, 90, 11);
    // A negative zero and a subnormal.
    std::fill_n(packed.begin(), 2 * width, std::byte{0});
    packed[width - 1] = std::byte{0x80};
    packed[width] = std::byte{0x01};
    std::uint64_t expected = 0;
    for (std::uint64_t i = 0; i < 777; ++i) {
      expected += load_as_double(dtype, packed.data(), i) == 0.0 ? 1U : 0U;
    }
    EXPECT_GT(expected, 1U);
    EXPECT_EQ(count_zeros(dtype, packed), expected) << name(dtype);
  }
}

TEST(ZeroCount, EveryFp8CodeIsJudgedByItsValue) {
  std::vector<std::byte> codes(256);
  for (std::size_t code = 0; code < 256; ++code) codes[code] = static_cast<std::byte>(code);
  EXPECT_EQ(count_zeros(DType::f8_e4m3, codes), 2U);
  EXPECT_EQ(count_zeros(DType::f8_e5m2, codes), 2U);
  EXPECT_EQ(count_zeros(DType::f8_e4m3fnuz, codes), 1U);
  EXPECT_EQ(count_zeros(DType::f8_e5m2fnuz, codes), 1U);
  EXPECT_EQ(count_zeros(DType::f8_e8m0, codes), 0U);
  // Codes 0 and 8 of sixteen, in both halves of a byte.
  EXPECT_EQ(count_zeros(DType::f4, codes), 2U * 2U * 16U);
}

TEST(ZeroCount, IntegersAreZeroWhenAllTheirBytesAre) {
  for (const DType dtype : {DType::boolean, DType::u8, DType::i8, DType::u16, DType::i16, DType::u32,
                            DType::i32, DType::u64, DType::i64}) {
    const auto width = static_cast<std::size_t>(bytes(dtype));
    const std::vector<std::byte> packed = random_bytes(501 * width, 85, 5);
    std::uint64_t expected = 0;
    for (std::size_t i = 0; i < 501; ++i) {
      bool zero = true;
      for (std::size_t b = 0; b < width; ++b) zero = zero && packed[i * width + b] == std::byte{0};
      expected += zero ? 1U : 0U;
    }
    EXPECT_GT(expected, 0U);
    EXPECT_EQ(count_zeros(dtype, packed), expected) << name(dtype);
  }
}

TEST(ZeroCount, AComplexNumberIsZeroWhenBothPartsAre) {
  std::vector<std::byte> packed(4 * 8);
  packed[7] = std::byte{0x80};    // -0 in the imaginary part
  packed[8] = std::byte{0x01};    // real part
  packed[16 + 4] = std::byte{1};  // imaginary part
  EXPECT_EQ(count_zeros(DType::c64, packed), 2U);
}

TEST(ZeroCount, F6IsNotCountable) {
  EXPECT_FALSE(has_countable_zeros(DType::f6_e2m3));
  EXPECT_FALSE(has_countable_zeros(DType::f6_e3m2));
  EXPECT_TRUE(has_countable_zeros(DType::f4));
}

}  // namespace
}  // namespace stockpot::engine
