#include "stockpot/kernel/selection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
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

using test::infinity;
using test::not_a_number;

/// Bit for bit, but every NaN is as good as any other.
void expect_same_keys(const std::vector<double>& actual, const std::vector<double>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (std::isnan(expected[i])) {
      ASSERT_TRUE(std::isnan(actual[i])) << i;
    } else {
      ASSERT_EQ(std::bit_cast<std::uint64_t>(actual[i]), std::bit_cast<std::uint64_t>(expected[i]))
          << "key " << i << " of " << actual.size() << ": " << actual[i] << ", not " << expected[i];
    }
  }
}

class SelectionKernelTest : public InstructionSetTest {};

TEST_P(SelectionKernelTest, MagnitudesAreDistancesFromTheAnchor) {
  std::mt19937_64 generator(21);
  for (int round = 0; round < 400 && !HasFailure(); ++round) {
    const std::uint64_t count = test::any_count(generator);
    const Kind kind = test::any_kind(generator);
    const Elements x(test::any_input_type(generator), count, generator, kind);
    const Elements b(test::any_input_type(generator), count, generator, kind);
    const bool anchored = generator() % 3 != 0;
    std::vector<double> expected(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      expected[i] = std::abs(anchored ? x.value(i) - b.value(i) : x.value(i));
    }
    std::vector<double> keys(count);
    magnitudes(x.view(), anchored ? b.view() : TypedInput(), count, keys.data());
    expect_same_keys(keys, expected);
  }
}

TEST_P(SelectionKernelTest, VariancesFollowTheStatedOrder) {
  std::mt19937_64 generator(22);
  for (int round = 0; round < 200 && !HasFailure(); ++round) {
    const std::uint64_t count = test::any_count(generator);
    const Kind kind = test::any_kind(generator);
    const std::size_t models = 1 + generator() % 6;
    const Elements anchor(test::any_input_type(generator), count, generator, kind);
    const bool anchored = generator() % 3 != 0;
    std::vector<Elements> elements;
    std::vector<TypedInput> inputs;
    for (std::size_t i = 0; i < models; ++i) {
      elements.emplace_back(test::any_input_type(generator), count, generator, kind);
    }
    for (const Elements& input : elements) inputs.push_back(input.view());
    std::vector<double> expected(count);
    for (std::uint64_t e = 0; e < count; ++e) {
      std::vector<double> deltas;
      for (const Elements& input : elements) {
        deltas.push_back(anchored ? input.value(e) - anchor.value(e) : input.value(e));
      }
      double mean = deltas[0];
      for (std::size_t i = 1; i < models; ++i) mean += deltas[i];
      mean /= static_cast<double>(models);
      double squares = (deltas[0] - mean) * (deltas[0] - mean);
      for (std::size_t i = 1; i < models; ++i) {
        const volatile double square = (deltas[i] - mean) * (deltas[i] - mean);
        squares += square;
      }
      expected[e] = squares / static_cast<double>(models);
    }
    std::vector<double> keys(count);
    variances(inputs, anchored ? anchor.view() : TypedInput(), count, keys.data());
    expect_same_keys(keys, expected);
  }
}

TEST_P(SelectionKernelTest, EqualModelsHaveNoVariance) {
  std::mt19937_64 generator(23);
  const Elements x(DType::bf16, 77, generator, Kind::weights);
  const std::vector<TypedInput> inputs(4, x.view());
  std::vector<double> keys(77, 1.0);
  variances(inputs, {}, 77, keys.data());
  EXPECT_THAT(keys, testing::Each(0.0));
}

TEST_P(SelectionKernelTest, BracketsAreCountedAndCollectedInOrder) {
  std::mt19937_64 generator(24);
  const std::vector<double> special{0.0, 0.0, 0x1p-1074, 0.25, 0.25, 1.0, infinity, not_a_number};
  for (int round = 0; round < 3000 && !HasFailure(); ++round) {
    std::vector<double> keys(generator() % 200);
    for (double& key : keys) {
      key = generator() % 3 == 0 ? special[generator() % special.size()]
                                 : std::abs(std::normal_distribution<double>()(generator));
    }
    const auto bound = [&]() -> double {
      const std::uint64_t choice = generator() % 4;
      if (choice == 0 && !keys.empty()) return keys[generator() % keys.size()];
      if (choice == 1) return special[generator() % special.size()];
      return std::abs(std::normal_distribution<double>()(generator));
    };
    const Bracket bracket{bound(), bound()};
    std::uint64_t below = 0;
    std::vector<double> inside;
    for (const double key : keys) {
      if (key < bracket.low) ++below;
      if (bracket.low <= key && key <= bracket.high) inside.push_back(key);
    }
    std::vector<double> candidates(keys.size() + 8, -7.0);
    const BracketCount counts = count_bracket(keys, bracket, candidates.data());
    EXPECT_EQ(counts.below, below);
    ASSERT_EQ(counts.inside, inside.size());
    for (std::size_t i = keys.size(); i < candidates.size(); ++i) EXPECT_EQ(candidates[i], -7.0);
    candidates.resize(inside.size());
    EXPECT_EQ(candidates, inside);
    const BracketCount again = count_bracket(keys, bracket, nullptr);
    EXPECT_EQ(again.below, below);
    EXPECT_EQ(again.inside, inside.size());
  }
}

TEST_P(SelectionKernelTest, BitsMarkTheVariancesThatAreNotBelow) {
  std::mt19937_64 generator(25);
  for (int round = 0; round < 400 && !HasFailure(); ++round) {
    const std::uint64_t count = generator() % 700;
    const Kind kind = test::any_kind(generator);
    const std::size_t models = 1 + generator() % 7;
    const Elements anchor(test::any_input_type(generator), count, generator, kind);
    const TypedInput base = generator() % 3 != 0 ? anchor.view() : TypedInput();
    std::vector<Elements> elements;
    std::vector<TypedInput> inputs;
    for (std::size_t i = 0; i < models; ++i) {
      elements.emplace_back(test::any_input_type(generator), count, generator, kind);
    }
    for (const Elements& input : elements) inputs.push_back(input.view());
    std::vector<double> keys(count);
    variances(inputs, base, count, keys.data());
    // One of the keys or a neighbour, so that the last bit of the quotient counts.
    double least = std::array{0.0, 0x1p-1074, 1.0, infinity}[generator() % 4];
    if (count > 0 && generator() % 4 != 0) least = keys[generator() % count];
    if (std::isnan(least)) least = 0x1p-1074;
    if (generator() % 3 == 0) least = std::nextafter(least, infinity);
    std::vector<std::uint64_t> expected((count + 63) / 64 + 1, 0);
    expected.back() = 0x5a5a;
    for (std::size_t e = 0; e < count; ++e) {
      if (std::isnan(keys[e]) || keys[e] >= least) expected[e / 64] |= std::uint64_t{1} << (e % 64);
    }
    std::vector<std::uint64_t> bits(expected.size(), 0x5a5a);
    variances_not_below(inputs, base, count, least, bits.data());
    ASSERT_EQ(bits, expected) << count << " elements, least " << least;
  }
}

TEST_P(SelectionKernelTest, RefusesWhatBreaksItsPreconditions) {
  std::array<std::byte, 8> data{};
  std::array<double, 1> keys{};
  const TypedInput floats{DType::f32, data.data()};
  const TypedInput integers{DType::i32, data.data()};
  EXPECT_THROW(magnitudes(integers, {}, 1, keys.data()), std::invalid_argument);
  EXPECT_THROW(magnitudes(floats, integers, 1, keys.data()), std::invalid_argument);
  EXPECT_THROW(variances({}, {}, 1, keys.data()), std::invalid_argument);
  std::array<std::uint64_t, 1> bits{};
  EXPECT_THROW(variances_not_below({}, {}, 1, 0.0, bits.data()), std::invalid_argument);
  EXPECT_THROW(variances_not_below(std::span(&integers, 1), {}, 1, 0.0, bits.data()), std::invalid_argument);
  EXPECT_THROW(variances(std::span(&integers, 1), {}, 1, keys.data()), std::invalid_argument);
  EXPECT_THROW(variances(std::span(&floats, 1), integers, 1, keys.data()), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Every, SelectionKernelTest, testing::ValuesIn(available_instruction_sets()),
                         test::set_name);

}  // namespace
}  // namespace stockpot::kernel
