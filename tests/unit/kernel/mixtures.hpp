#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "unit/kernel/elements.hpp"

/// Random choices that the tests of the task-vector kernels share.
namespace stockpot::kernel::test {

inline DType any_input_type(std::mt19937_64& generator) {
  const std::vector<DType> types = mergeable_types();
  return types[generator() % types.size()];
}
inline DType any_output_type(std::mt19937_64& generator) {
  return output_types()[generator() % 4];
}
inline Kind any_kind(std::mt19937_64& generator) {
  return std::array{Kind::bits, Kind::finite, Kind::weights, Kind::edges, Kind::few}[generator() % 5];
}
/// Lengths around whole vectors and, sometimes, around whole blocks.
inline std::uint64_t any_count(std::mt19937_64& generator) {
  return generator() % 201 + (generator() % 8 == 0 ? 900 : 0);
}
/// Often 1, 0, a power of two or the negative of another; never NaN or infinite.
inline double any_factor(std::mt19937_64& generator) {
  static constexpr std::array<double, 9> plain{1.0, 1.0, 2.0, -0.25, 3.0, -1.0, 1.0 / 3.0, 0.0, -0.0};
  return generator() % 3 != 0 ? plain[generator() % plain.size()]
                              : std::normal_distribution<double>(0.0, 2.0)(generator);
}
inline double any_divisor(std::mt19937_64& generator) {
  const double divisor = any_factor(generator);
  return divisor == 0.0 ? 0.7 : divisor;
}

/// A number of packed inputs and an anchor, equally long: of mixed types, or all of one.
struct Tile {
  explicit Tile(std::mt19937_64& generator, std::size_t models)
      : Tile(generator, models, generator() % 3 == 0) {}
  Tile(std::mt19937_64& generator, std::size_t models, bool all_bf16) : count(any_count(generator)) {
    const Kind kind = any_kind(generator);
    const auto type = [&] { return all_bf16 ? DType::bf16 : any_input_type(generator); };
    anchor = Elements(type(), count, generator, kind);
    for (std::size_t i = 0; i < models; ++i) inputs.emplace_back(type(), count, generator, kind);
    output = all_bf16 && generator() % 4 != 0 ? DType::bf16 : any_output_type(generator);
  }

  [[nodiscard]] double delta(std::size_t model, std::uint64_t index) const {
    return inputs[model].value(index) - anchor.value(index);
  }
  [[nodiscard]] std::vector<TypedInput> views() const {
    std::vector<TypedInput> list;
    for (const Elements& input : inputs) list.push_back(input.view());
    return list;
  }

  std::uint64_t count;
  std::vector<Elements> inputs;
  Elements anchor;
  DType output = DType::f64;
};

/// That `actual` holds exactly these values, each rounded once, and `counts` how many are not finite.
inline void expect_rounded(const Elements& actual, ElementCounts counts, const std::vector<double>& values) {
  ASSERT_EQ(actual.count(), values.size());
  std::uint64_t nonfinite = 0;
  for (std::uint64_t i = 0; i < values.size(); ++i) {
    std::vector<std::byte> expected(8);
    store_rounded(actual.dtype(), expected.data(), 0, values[i]);
    ASSERT_EQ(std::memcmp(expected.data(), actual.element(i).data(), actual.element(i).size()), 0)
        << "element " << i << " of " << values.size() << ": " << actual.value(i) << ", not " << values[i]
        << " as " << name(actual.dtype());
    if (!std::isfinite(actual.value(i))) ++nonfinite;
  }
  EXPECT_EQ(counts.nonfinite, nonfinite);
  EXPECT_TRUE(actual.margins_untouched());
}

}  // namespace stockpot::kernel::test
