#include "stockpot/kernel/fisher_mean.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <stdexcept>

#include "unit/kernel/mixtures.hpp"

namespace stockpot::kernel {
namespace {

using test::Elements;
using test::InstructionSetTest;
using test::Kind;
using test::Tile;

class FisherMeanTest : public InstructionSetTest {};

/// Fisher values in stored form: some zero, of very different sizes.
std::vector<double> fisher_values(std::uint64_t count, std::mt19937_64& generator) {
  std::vector<double> values(count);
  for (double& value : values) {
    value = generator() % 3 == 0
                ? 0.0
                : std::ldexp(1.0 + static_cast<double>(generator() % 8), -static_cast<int>(generator() % 40));
  }
  return values;
}

TEST_P(FisherMeanTest, ComputesWhatTheFormulaReads) {
  std::mt19937_64 generator(61);
  for (int round = 0; round < 400 && !HasFailure(); ++round) {
    const std::size_t models = 1 + generator() % 4;
    const Tile tile(generator, models);
    FisherForm form;
    std::vector<std::vector<double>> fisher;
    std::vector<TypedInput> inputs;
    std::vector<TypedInput> importances;
    for (std::size_t i = 0; i < models; ++i) {
      form.scales.push_back(std::array{1.0, 0.375, 7.5}[generator() % 3]);
      form.floors.push_back(std::array{0.0, 1e-8, 0.01}[generator() % 3]);
      form.weights.push_back(0.25 + static_cast<double>(generator() % 4));
      fisher.push_back(fisher_values(tile.count, generator));
      inputs.push_back(tile.inputs[i].view());
    }
    for (const std::vector<double>& values : fisher) {
      importances.push_back({DType::f64, reinterpret_cast<const std::byte*>(values.data())});
    }
    std::vector<double> expected(tile.count);
    for (std::uint64_t e = 0; e < tile.count; ++e) {
      std::array<double, 4> sums{};
      for (std::size_t i = 0; i < models; ++i) {
        const double x = tile.inputs[i].value(e);
        const double factor = form.scales[i] * std::max(fisher[i][e], form.floors[i]);
        const std::array<double, 4> terms{factor * x, factor, form.weights[i] * x, form.weights[i]};
        for (std::size_t k = 0; k < terms.size(); ++k) sums[k] = i == 0 ? terms[k] : sums[k] + terms[k];
      }
      expected[e] = sums[1] == 0.0 ? sums[2] / sums[3] : sums[0] / sums[1];
    }
    Elements actual(tile.output, tile.count, generator, Kind::bits);
    const ElementCounts counts = fisher_mean(form, inputs, importances, actual.output(), tile.count);
    test::expect_rounded(actual, counts, expected);
  }
}

TEST_P(FisherMeanTest, RefusesWhatBreaksItsPreconditions) {
  std::array<std::byte, 8> data{};
  const TypedInput floats{DType::f32, data.data()};
  const TypedInput integers{DType::i32, data.data()};
  const TypedOutput target{DType::f32, data.data()};
  const FisherForm one{{1.0}, {0.0}, {1.0}};
  const auto merge = [&](const FisherForm& form, std::vector<TypedInput> inputs,
                         std::vector<TypedInput> fisher) { fisher_mean(form, inputs, fisher, target, 1); };
  EXPECT_NO_THROW(merge(one, {floats}, {floats}));
  EXPECT_THROW(merge(one, {integers}, {floats}), std::invalid_argument);
  EXPECT_THROW(merge(one, {floats}, {integers}), std::invalid_argument);
  EXPECT_THROW(merge(one, {floats, floats}, {floats, floats}), std::invalid_argument);
  EXPECT_THROW(merge(one, {floats}, {}), std::invalid_argument);
  EXPECT_THROW(merge({}, {}, {}), std::invalid_argument);
}

TEST(InvalidFisherValues, AreCounted) {
  const std::array<float, 7> single{0.0F, -0.0F, 1.0F, -1e-30F, std::nanf(""), HUGE_VALF, 3e38F};
  const std::array<double, 5> wide{0.5, -0.5, -HUGE_VAL, HUGE_VAL, 1e300};
  const auto view = [](const auto& values) { return reinterpret_cast<const std::byte*>(values.data()); };
  EXPECT_EQ(count_invalid_fisher({DType::f32, view(single)}, single.size()), 3U);
  EXPECT_EQ(count_invalid_fisher({DType::f64, view(wide)}, wide.size()), 3U);
  EXPECT_THROW(count_invalid_fisher({DType::f16, view(wide)}, 1), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Every, FisherMeanTest, testing::ValuesIn(available_instruction_sets()),
                         test::set_name);

}  // namespace
}  // namespace stockpot::kernel
