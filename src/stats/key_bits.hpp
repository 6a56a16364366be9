#pragma once

#include <bit>
#include <cstdint>

namespace stockpot::stats {

/// Bit patterns of keys; they order as the keys do.
using KeyBits = std::uint64_t;

inline constexpr KeyBits infinity_bits = 0x7FF0'0000'0000'0000U;

/// The sign is dropped: -0 is the key 0, NaN is above infinity whatever its sign.
inline KeyBits bits_of(double key) {
  return std::bit_cast<KeyBits>(key) & 0x7FFF'FFFF'FFFF'FFFFU;
}
inline double key_of(KeyBits bits) {
  return std::bit_cast<double>(bits);
}

/// Where a wanted key is looked for; both ends belong to it.
struct Bracket {
  KeyBits low = 0;
  KeyBits high = infinity_bits;

  [[nodiscard]] bool is_one_value() const { return low == high; }
};

}  // namespace stockpot::stats
