#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "stockpot/kernel/random.hpp"

namespace stockpot::reproduce {

/// Random numbers that depend on a seed, the name of what they are for and their place alone.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::string_view purpose) : key_(kernel::random_key(seed, "", purpose)) {}

  /// Number `place` of the stream: words 2 * place (high) and 2 * place + 1.
  [[nodiscard]] std::uint64_t bits(std::uint64_t place) const;
  /// Uniform in [0, 1), a multiple of 2^-53.
  [[nodiscard]] double unit(std::uint64_t place) const;
  /// 0, ..., count - 1 in the order of the numbers at those places.
  [[nodiscard]] std::vector<std::size_t> permutation(std::size_t count) const;

 private:
  kernel::RandomKey key_;
};

}  // namespace stockpot::reproduce
