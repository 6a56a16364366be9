#include "stockpot/engine/zero_count.hpp"

#include <cstring>

namespace stockpot::engine {
namespace {

/// Words that are 0 in the bits of `mask`.
template <typename Word>
std::uint64_t count_words(std::span<const std::byte> packed, Word mask) {
  std::uint64_t zeros = 0;
  const std::size_t words = packed.size() / sizeof(Word);
  for (std::size_t i = 0; i < words; ++i) {
    Word word;
    std::memcpy(&word, packed.data() + i * sizeof(Word), sizeof(Word));
    zeros += (word & mask) == 0 ? 1U : 0U;
  }
  return zeros;
}

}  // namespace

bool has_countable_zeros(DType dtype) {
  return dtype != DType::f6_e2m3 && dtype != DType::f6_e3m2;
}

std::uint64_t count_zeros(DType dtype, std::span<const std::byte> packed) {
  switch (dtype) {
    case DType::f4:  // two to a byte, in either order
      return count_words<std::uint8_t>(packed, 0x07) + count_words<std::uint8_t>(packed, 0x70);
    case DType::f6_e2m3:
    case DType::f6_e3m2:
    case DType::f8_e8m0:  // powers of two only
      return 0;
    case DType::f8_e5m2:
    case DType::f8_e4m3:
      return count_words<std::uint8_t>(packed, 0x7f);
    case DType::boolean:
    case DType::u8:
    case DType::i8:
    case DType::f8_e4m3fnuz:  // 0x80 is NaN
    case DType::f8_e5m2fnuz:
      return count_words<std::uint8_t>(packed, 0xff);
    case DType::f16:
    case DType::bf16:
      return count_words<std::uint16_t>(packed, 0x7fff);
    case DType::i16:
    case DType::u16:
      return count_words<std::uint16_t>(packed, 0xffff);
    case DType::f32:
      return count_words<std::uint32_t>(packed, 0x7fffffff);
    case DType::i32:
    case DType::u32:
      return count_words<std::uint32_t>(packed, 0xffffffff);
    case DType::c64:
      return count_words<std::uint64_t>(packed, 0x7fffffff7fffffff);
    case DType::f64:
      return count_words<std::uint64_t>(packed, 0x7fffffffffffffff);
    case DType::i64:
    case DType::u64:
      return count_words<std::uint64_t>(packed, ~std::uint64_t{0});
  }
  return 0;
}

}  // namespace stockpot::engine
