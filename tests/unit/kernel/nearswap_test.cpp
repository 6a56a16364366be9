#include "stockpot/kernel/nearswap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

#include "unit/kernel/mixtures.hpp"

namespace stockpot::kernel {
namespace {

using test::Elements;
using test::InstructionSetTest;
using test::Kind;
using test::Tile;

class NearswapTest : public InstructionSetTest {};

TEST_P(NearswapTest, InterpolatesAsTheFormulaReads) {
  std::mt19937_64 generator(51);
  for (int round = 0; round < 800 && !HasFailure(); ++round) {
    const Tile tile(generator, 1);
    const double t = std::array{0.0, 1e-7, 1e-6, 2.0 / 64.0, 0.3, -0.1, 1e9}[generator() % 7];
    std::vector<double> expected(tile.count);
    for (std::uint64_t e = 0; e < tile.count; ++e) {
      const double donor = tile.inputs[0].value(e);
      const double base = tile.anchor.value(e);
      const double distance = std::fabs(base - donor);
      if (std::isnan(distance)) {
        expected[e] = distance;
        continue;
      }
      const double w = std::clamp(t / std::max(distance, 1e-6), 0.0, 1.0);
      const double from_base = (1.0 - w) * base;
      expected[e] = w * donor + from_base;
    }
    Elements actual(tile.output, tile.count, generator, Kind::bits);
    const ElementCounts counts =
        nearswap(t, tile.inputs[0].view(), tile.anchor.view(), actual.output(), tile.count);
    test::expect_rounded(actual, counts, expected);
  }
}

TEST_P(NearswapTest, TakesTheDonorWithinT) {
  std::vector<double> base(40, 1.0);
  std::vector<double> donor(40, 1.25);
  std::fill(donor.begin() + 20, donor.end(), 2.0);
  std::vector<double> result(40);
  const auto view = [](std::vector<double>& list) { return reinterpret_cast<std::byte*>(list.data()); };
  nearswap(0.25, {DType::f64, view(donor)}, {DType::f64, view(base)}, {DType::f64, view(result)}, 40);
  for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(result[i], 1.25) << i;  // 0.25 * 2 + 0.75 * 1
}

TEST_P(NearswapTest, RefusesWhatBreaksItsPreconditions) {
  std::array<std::byte, 8> data{};
  const TypedInput floats{DType::f32, data.data()};
  const TypedInput integers{DType::i32, data.data()};
  const TypedOutput target{DType::f32, data.data()};
  EXPECT_THROW(nearswap(0.1, integers, floats, target, 0), std::invalid_argument);
  EXPECT_THROW(nearswap(0.1, floats, integers, target, 0), std::invalid_argument);
  EXPECT_THROW(nearswap(0.1, floats, floats, {DType::i32, data.data()}, 0), std::invalid_argument);
  EXPECT_THROW(nearswap(std::nan(""), floats, floats, target, 0), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Every, NearswapTest, testing::ValuesIn(available_instruction_sets()),
                         test::set_name);

}  // namespace
}  // namespace stockpot::kernel
