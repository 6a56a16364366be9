#include "random_stream.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace stockpot::reproduce {

std::uint64_t RandomStream::bits(std::uint64_t place) const {
  std::array<std::uint32_t, 2> words{};
  kernel::random_words(key_, 2 * place, words);
  return (std::uint64_t{words[0]} << 32) | words[1];
}

double RandomStream::unit(std::uint64_t place) const {
  return static_cast<double>(bits(place) >> 11) * 0x1p-53;
}

std::vector<std::size_t> RandomStream::permutation(std::size_t count) const {
  std::vector<std::uint64_t> keys(count);
  for (std::size_t i = 0; i < count; ++i) keys[i] = bits(i);
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  return order;
}

}  // namespace stockpot::reproduce
