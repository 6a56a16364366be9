#pragma once

#include <array>
#include <cstdint>

namespace stockpot::kernel {

/// Philox4x32-10's constants (Salmon et al. 2011, section 4.3; the Random123 distribution's philox.h).
inline constexpr int philox_rounds = 10;
inline constexpr std::array<std::uint32_t, 2> philox_multipliers{0xd2511f53u, 0xcd9e8d57u};
inline constexpr std::array<std::uint32_t, 2> philox_key_steps{0x9e3779b9u, 0xbb67ae85u};

constexpr std::uint32_t low_half(std::uint64_t value) {
  return static_cast<std::uint32_t>(value & 0xffffffffu);
}
constexpr std::uint32_t high_half(std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> 32);
}

}  // namespace stockpot::kernel
