#include "stockpot/kernel/random.hpp"

#include "kernel/kernel_table.hpp"
#include "kernel/philox.hpp"

namespace stockpot::kernel::reference {
namespace {

std::uint32_t word(RandomKey key, std::uint64_t element) {
  const std::uint64_t block = element / 4;
  return philox4x32({low_half(block), high_half(block), low_half(key.stream), high_half(key.stream)},
                    {low_half(key.key), high_half(key.key)})[element % 4];
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < philox_rounds; ++round) {
    const std::uint64_t first = std::uint64_t{philox_multipliers[0]} * counter[0];
    const std::uint64_t second = std::uint64_t{philox_multipliers[1]} * counter[2];
    counter = {high_half(second) ^ counter[1] ^ key[0], low_half(second),
               high_half(first) ^ counter[3] ^ key[1], low_half(first)};
    key = {key[0] + philox_key_steps[0], key[1] + philox_key_steps[1]};
  }
  return counter;
}

void random_words(RandomKey key, std::uint64_t first_element, std::span<std::uint32_t> words) {
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = word(key, first_element + i);
}

void random_keep_bits(RandomKey key, std::uint64_t first_element, std::uint64_t count,
                      std::uint64_t threshold, std::uint64_t* bits) {
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i % 64 == 0) bits[i / 64] = 0;
    const bool keeps = word(key, first_element + i) < threshold;
    bits[i / 64] |= std::uint64_t{keeps} << (i % 64);
  }
}

}  // namespace stockpot::kernel::reference
