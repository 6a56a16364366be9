#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace stockpot::method {

/// Numbers as the words of a survey's findings, bit for bit.
inline void put_words(std::vector<std::uint64_t>& words, std::span<const double> numbers) {
  for (const double number : numbers) words.push_back(std::bit_cast<std::uint64_t>(number));
}
inline std::vector<double> take_numbers(std::span<const std::uint64_t> words) {
  std::vector<double> numbers;
  for (const std::uint64_t word : words) numbers.push_back(std::bit_cast<double>(word));
  return numbers;
}

}  // namespace stockpot::method
