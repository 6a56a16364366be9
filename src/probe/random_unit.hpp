#pragma once

#include <cstdint>
#include <span>

#include "stockpot/kernel/random.hpp"

namespace stockpot::probe {

/// Writes 64-bit random numbers `first`, `first` + 1, ... of a sequence: number i is made of words 2i (high)
/// and 2i + 1.
void random_numbers(kernel::RandomKey key, std::uint64_t first, std::span<std::uint64_t> numbers);

/// Uniform in [0, 1), a multiple of 2^-53.
inline double unit(std::uint64_t number) {
  return static_cast<double>(number >> 11) * 0x1p-53;
}

}  // namespace stockpot::probe
