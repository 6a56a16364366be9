#include "stockpot/kernel/ownership.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

std::vector<std::size_t> owners_of(const Tile& tile, double epsilon, std::uint64_t index) {
  std::vector<std::size_t> owners;
  for (std::size_t i = 0; i < tile.inputs.size(); ++i) {
    const double delta = tile.delta(i, index);
    if (std::isnan(delta) || std::fabs(delta) > epsilon) owners.push_back(i);
  }
  return owners;
}

double any_epsilon(std::mt19937_64& generator) {
  return std::array{default_ownership_epsilon, 0.0, 3.0 / 64.0, 0.2}[generator() % 4];
}

class OwnershipTest : public InstructionSetTest {};

TEST_P(OwnershipTest, CombinesAsTheFormulaReads) {
  std::mt19937_64 generator(41);
  for (int round = 0; round < 800 && !HasFailure(); ++round) {
    const Tile tile(generator, generator() % 6);
    const double epsilon = any_epsilon(generator);
    std::vector<OwningPart> parts;
    for (const TypedInput& input : tile.views()) parts.push_back({input, test::any_factor(generator)});
    std::vector<double> expected(tile.count);
    for (std::uint64_t e = 0; e < tile.count; ++e) {
      const std::vector<std::size_t> owners = owners_of(tile, epsilon, e);
      const double b = tile.anchor.value(e);
      expected[e] = b;
      if (owners.size() == 1) expected[e] = b + parts[owners[0]].factor * tile.delta(owners[0], e);
      if (owners.size() > 1) {
        double sum = tile.delta(owners[0], e);
        for (std::size_t i = 1; i < owners.size(); ++i) sum += tile.delta(owners[i], e);
        expected[e] = b + sum / static_cast<double>(owners.size());
      }
    }
    Elements actual(tile.output, tile.count, generator, Kind::bits);
    const ElementCounts counts =
        combine_owned(parts, tile.anchor.view(), epsilon, actual.output(), tile.count);
    test::expect_rounded(actual, counts, expected);
  }
}

TEST_P(OwnershipTest, CountsWhatIsOwnedAloneAndShared) {
  std::mt19937_64 generator(42);
  for (int round = 0; round < 500 && !HasFailure(); ++round) {
    const Tile tile(generator, generator() % 6);
    const double epsilon = any_epsilon(generator);
    std::vector<std::uint64_t> unique(tile.inputs.size(), 5);  // what earlier tiles left
    std::vector<std::uint64_t> shared(tile.inputs.size(), 9);
    std::vector<std::uint64_t> expected_unique = unique;
    std::vector<std::uint64_t> expected_shared = shared;
    for (std::uint64_t e = 0; e < tile.count; ++e) {
      const std::vector<std::size_t> owners = owners_of(tile, epsilon, e);
      for (const std::size_t owner : owners) {
        (owners.size() > 1 ? expected_shared : expected_unique)[owner] += 1;
      }
    }
    owner_counts(tile.views(), tile.anchor.view(), epsilon, tile.count, unique, shared);
    EXPECT_EQ(unique, expected_unique);
    EXPECT_EQ(shared, expected_shared);
  }
}

TEST_P(OwnershipTest, EqualModelsLeaveTheAnchor) {
  std::mt19937_64 generator(43);
  const Elements anchor(DType::f16, 123, generator, Kind::few);
  Elements result(DType::f16, 123, generator, Kind::bits);
  const std::vector<OwningPart> parts(3, {anchor.view(), -1.5});
  combine_owned(parts, anchor.view(), 0.0, result.output(), 123);
  test::expect_same(result, anchor);
}

TEST_P(OwnershipTest, RefusesWhatBreaksItsPreconditions) {
  std::array<std::byte, 8> data{};
  const TypedInput floats{DType::f32, data.data()};
  const TypedInput integers{DType::i32, data.data()};
  const TypedOutput target{DType::f32, data.data()};
  const auto refuses = [](const OwningPart& part, TypedInput anchor, double epsilon, TypedOutput output) {
    EXPECT_THROW(combine_owned(std::span(&part, 1), anchor, epsilon, output, 0), std::invalid_argument);
  };
  const double infinity = std::numeric_limits<double>::infinity();
  refuses({integers}, floats, 0.0, target);
  refuses({floats}, integers, 0.0, target);
  refuses({floats}, floats, infinity, target);
  refuses({floats, infinity}, floats, 0.0, target);
  refuses({floats}, floats, 0.0, {DType::i32, data.data()});
  std::array<std::uint64_t, 1> one{};
  EXPECT_THROW(owner_counts({}, floats, 0.0, 0, one, {}), std::invalid_argument);
  EXPECT_THROW(owner_counts(std::span(&integers, 1), floats, 0.0, 0, one, one), std::invalid_argument);
  EXPECT_THROW(owner_counts(std::span(&floats, 1), integers, 0.0, 0, one, one), std::invalid_argument);
  EXPECT_THROW(owner_counts(std::span(&floats, 1), floats, infinity, 0, one, one), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Every, OwnershipTest, testing::ValuesIn(available_instruction_sets()),
                         test::set_name);

}  // namespace
}  // namespace stockpot::kernel
