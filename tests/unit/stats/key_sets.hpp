#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace stockpot::testing_support {

/// Rounds to the nearest of what 8 significant bits hold, as bf16 does.
inline double round_to_8_bits(double value) {
  int exponent = 0;
  const double mantissa = std::frexp(value, &exponent);
  return std::ldexp(std::round(std::ldexp(mantissa, 8)), exponent - 8);
}

using KeyMaker = std::vector<double> (*)(std::uint64_t count, std::mt19937_64& random);
struct KeySet {
  const char* name;
  KeyMaker make;
};

template <typename Draw>
std::vector<double> draw_keys(std::uint64_t count, Draw draw) {
  std::vector<double> keys;
  keys.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) keys.push_back(draw(i));
  return keys;
}

inline std::vector<double> normal_keys(std::uint64_t count, std::mt19937_64& random) {
  std::normal_distribution<double> normal(0.0, 1e-3);
  return draw_keys(count, [&](std::uint64_t) { return std::abs(normal(random)); });
}
/// Differences of two bf16 numbers that are near: few distinct values, many zeros.
inline std::vector<double> bf16_delta_keys(std::uint64_t count, std::mt19937_64& random) {
  std::normal_distribution<double> weight(0.0, 2e-2);
  std::normal_distribution<double> change(0.0, 1e-4);
  return draw_keys(count, [&](std::uint64_t) {
    const double before = round_to_8_bits(weight(random));
    return std::abs(round_to_8_bits(before + change(random)) - before);
  });
}
/// Blocks of leaves with scales of their own, over 40 orders of magnitude.
inline std::vector<double> block_scaled_keys(std::uint64_t count, std::mt19937_64& random) {
  std::uniform_real_distribution<double> exponent(-20.0, 20.0);
  std::exponential_distribution<double> draw;
  double scale = 1.0;
  return draw_keys(count, [&](std::uint64_t i) {
    if (i % 20000 == 0) scale = std::pow(10.0, exponent(random));
    return scale * draw(random);
  });
}
/// One leaf in 64 is unlike all others: the sample sees nothing else.
inline std::vector<double> sample_trap_keys(std::uint64_t count, std::mt19937_64& random) {
  std::uniform_real_distribution<double> draw;
  return draw_keys(count,
                   [&](std::uint64_t i) { return i / 4096 % 64 == 5 ? 1e6 + draw(random) : draw(random); });
}
inline std::vector<double> ascending_keys(std::uint64_t count, std::mt19937_64&) {
  return draw_keys(count, [](std::uint64_t i) { return static_cast<double>(i) * 0.1; });
}
inline std::vector<double> equal_keys(std::uint64_t count, std::mt19937_64&) {
  return std::vector<double>(count, 0.75);
}
inline std::vector<double> zero_keys(std::uint64_t count, std::mt19937_64& random) {
  return draw_keys(count, [&](std::uint64_t) { return random() % 2 == 0 ? 0.0 : -0.0; });
}
inline std::vector<double> two_values_keys(std::uint64_t count, std::mt19937_64& random) {
  const double above = std::nextafter(1.0, 2.0);
  return draw_keys(count, [&](std::uint64_t) { return random() % 3 == 0 ? above : 1.0; });
}
/// Neighbours in the last bit, among the smallest numbers there are.
inline std::vector<double> denormal_keys(std::uint64_t count, std::mt19937_64& random) {
  return draw_keys(count, [&](std::uint64_t) { return std::bit_cast<double>(random() % 5000); });
}
/// Any number that is not NaN, each bit pattern as likely as any other, and infinities.
inline std::vector<double> any_number_keys(std::uint64_t count, std::mt19937_64& random) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return draw_keys(count, [&](std::uint64_t) {
    const double key = std::bit_cast<double>(random() & 0x7FFF'FFFF'FFFF'FFFFU);
    return key != key || random() % 16 == 0 ? infinity : key;
  });
}
/// Half the keys lie within a few thousand neighbours of one number, in runs.
inline std::vector<double> dense_cluster_keys(std::uint64_t count, std::mt19937_64& random) {
  const auto base = std::bit_cast<std::uint64_t>(1.0);
  return draw_keys(count, [&](std::uint64_t i) {
    if (i / 1000 % 2 == 0) return std::bit_cast<double>(base + random() % 3000);
    return std::ldexp(1.0, static_cast<int>(random() % 2000) - 1000);
  });
}

inline const std::vector<KeySet>& key_sets() {
  static const std::vector<KeySet> sets = {{"normal", normal_keys},
                                           {"bf16_delta", bf16_delta_keys},
                                           {"block_scaled", block_scaled_keys},
                                           {"sample_trap", sample_trap_keys},
                                           {"ascending", ascending_keys},
                                           {"equal", equal_keys},
                                           {"zero", zero_keys},
                                           {"two_values", two_values_keys},
                                           {"denormal", denormal_keys},
                                           {"any_number", any_number_keys},
                                           {"dense_cluster", dense_cluster_keys}};
  return sets;
}

}  // namespace stockpot::testing_support
