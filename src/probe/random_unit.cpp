#include "random_unit.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace stockpot::probe {

void random_numbers(kernel::RandomKey key, std::uint64_t first, std::span<std::uint64_t> numbers) {
  std::array<std::uint32_t, 512> words{};
  while (!numbers.empty()) {
    const std::size_t count = std::min(numbers.size(), words.size() / 2);
    kernel::random_words(key, 2 * first, std::span(words).first(2 * count));
    for (std::size_t i = 0; i < count; ++i) {
      numbers[i] = std::uint64_t{words[2 * i]} << 32 | words[2 * i + 1];
    }
    numbers = numbers.subspan(count);
    first += count;
  }
}

}  // namespace stockpot::probe
