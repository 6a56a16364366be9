#include "stockpot/kernel/gram.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

#include "unit/kernel/elements.hpp"
#include "unit/kernel/lane_oracle.hpp"

namespace stockpot::kernel {
namespace {

using test::Elements;
using test::Kind;

struct GramProblem {
  std::vector<Elements> inputs;
  std::optional<Elements> anchor;
  std::uint64_t count = 0;

  [[nodiscard]] std::vector<double> sums() const {
    std::vector<TypedInput> views;
    for (const Elements& input : inputs) views.push_back(input.view());
    std::vector<double> result(gram_width(inputs.size()), std::numeric_limits<double>::quiet_NaN());
    gram(views, anchor ? anchor->view() : TypedInput{}, count, result);
    return result;
  }
  [[nodiscard]] std::vector<std::vector<double>> vectors() const {
    std::vector<std::vector<double>> result;
    for (const Elements& input : inputs) {
      std::vector<double>& y = result.emplace_back();
      for (std::uint64_t e = 0; e < count; ++e) {
        y.push_back(anchor ? input.value(e) - anchor->value(e) : input.value(e));
      }
    }
    return result;
  }
};

GramProblem gram_problem_of(std::mt19937_64& generator, const std::vector<DType>& dtypes, bool anchored,
                            std::uint64_t count, Kind kind) {
  GramProblem problem;
  problem.count = count;
  for (const DType dtype : dtypes) problem.inputs.emplace_back(dtype, count, generator, kind);
  if (anchored) problem.anchor.emplace(dtypes.front(), count, generator, kind);
  return problem;
}

std::vector<double> products(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> result;
  for (std::size_t e = 0; e < a.size(); ++e) result.push_back(a[e] * b[e]);
  return result;
}

void expect_stated_products(const GramProblem& problem) {
  const std::vector<double> sums = problem.sums();
  const std::vector<std::vector<double>> vectors = problem.vectors();
  std::size_t next = 0;
  for (std::size_t row = 0; row < vectors.size(); ++row) {
    for (std::size_t column = 0; column <= row; ++column) {
      ASSERT_EQ(gram_index(row, column), next);
      const double expected = test::sum_in_lanes(products(vectors[row], vectors[column]));
      ASSERT_EQ(std::bit_cast<std::uint64_t>(sums[next++]), test::bits_of_sum(expected))
          << "entry " << row << ", " << column << " of " << vectors.size() << " vectors of " << problem.count;
    }
  }
}

class GramTest : public test::InstructionSetTest {};

TEST_P(GramTest, AddsInTheStatedOrderForEveryType) {
  std::mt19937_64 generator(1);
  for (const DType dtype : test::mergeable_types()) {
    for (const Kind kind : {Kind::bits, Kind::finite, Kind::weights, Kind::edges}) {
      SCOPED_TRACE(name(dtype));
      for (int round = 0; round < 12 && !HasFailure(); ++round) {
        const std::vector<DType> dtypes(1 + generator() % 9, dtype);
        expect_stated_products(gram_problem_of(generator, dtypes, round % 2 == 0, generator() % 200, kind));
      }
    }
  }
}

TEST_P(GramTest, AddsInTheStatedOrderForMixedTypes) {
  std::mt19937_64 generator(2);
  const std::vector<DType> types = test::mergeable_types();
  for (int round = 0; round < 100 && !HasFailure(); ++round) {
    std::vector<DType> dtypes(1 + generator() % 5);
    for (DType& dtype : dtypes) dtype = types[generator() % types.size()];
    expect_stated_products(
        gram_problem_of(generator, dtypes, round % 2 == 0, generator() % 1200, Kind::weights));
  }
  // All models one type and only the anchor another.
  GramProblem problem = gram_problem_of(generator, {DType::bf16, DType::bf16}, false, 300, Kind::weights);
  problem.anchor.emplace(DType::f32, 300, generator, Kind::weights);
  expect_stated_products(problem);
}

TEST_P(GramTest, AddsInTheStatedOrderAtEveryLength) {
  std::mt19937_64 generator(3);
  for (std::uint64_t count = 0; count <= 130 && !HasFailure(); ++count) {
    for (const DType dtype : {DType::bf16, DType::f32}) {
      expect_stated_products(
          gram_problem_of(generator, std::vector(3, dtype), count % 2 == 0, count, Kind::weights));
    }
  }
  for (const std::uint64_t count : {255u, 256u, 257u, 511u, 512u, 513u, 528u, 1024u, 4095u, 4096u}) {
    expect_stated_products(
        gram_problem_of(generator, std::vector(2, DType::bf16), true, count, Kind::weights));
  }
}

TEST_P(GramTest, AddsInTheStatedOrderForEveryNumberOfVectors) {
  std::mt19937_64 generator(4);
  for (std::size_t models = 0; models <= 33 && !HasFailure(); ++models) {
    if (models == 0) {
      EXPECT_THAT(GramProblem().sums(), testing::IsEmpty());
      continue;
    }
    expect_stated_products(
        gram_problem_of(generator, std::vector(models, DType::f16), models % 2 == 0, 275, Kind::weights));
  }
}

TEST_P(GramTest, IsCloseToTheExactMatrix) {
  std::mt19937_64 generator(5);
  const GramProblem problem =
      gram_problem_of(generator, std::vector(4, DType::bf16), true, 4096, Kind::weights);
  const std::vector<std::vector<double>> vectors = problem.vectors();
  const std::vector<double> sums = problem.sums();
  for (std::size_t row = 0; row < vectors.size(); ++row) {
    for (std::size_t column = 0; column <= row; ++column) {
      long double exact = 0.0L;
      long double magnitude = 0.0L;
      for (std::size_t e = 0; e < vectors[row].size(); ++e) {
        const long double product = static_cast<long double>(vectors[row][e]) * vectors[column][e];
        exact += product;
        magnitude += std::abs(product);
      }
      EXPECT_NEAR(sums[gram_index(row, column)], static_cast<double>(exact),
                  1e-12 * static_cast<double>(magnitude));
    }
  }
}

TEST_P(GramTest, RoundsEveryProduct) {
  // A fused multiply-add would keep the last bits of the square that follows its negative in a lane.
  const double root = 1.0 + 0x1p-30;
  const volatile double square = root * root;
  std::vector<double> a(32, 0.0);
  std::vector<double> b(32, 0.0);
  a[3] = -square;
  b[3] = 1.0;
  a[19] = root;
  b[19] = root;
  const std::vector<TypedInput> inputs{{DType::f64, reinterpret_cast<const std::byte*>(a.data())},
                                       {DType::f64, reinterpret_cast<const std::byte*>(b.data())}};
  std::vector<double> sums(3);
  gram(inputs, {}, 32, sums);
  EXPECT_EQ(sums[1], 0.0);
}

TEST_P(GramTest, OfNothingAndOfNegativeZerosIsZero) {
  std::vector<double> values(20, -0.0);
  const std::vector<double> ones(20, 1.0);
  const std::vector<TypedInput> inputs{{DType::f64, reinterpret_cast<const std::byte*>(values.data())},
                                       {DType::f64, reinterpret_cast<const std::byte*>(ones.data())}};
  for (const std::uint64_t count : {0u, 1u, 20u}) {
    std::vector<double> sums(3, -1.0);
    gram(inputs, {}, count, sums);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(sums[0]), 0u);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(sums[1]), 0u);
    EXPECT_EQ(sums[2], static_cast<double>(count));
  }
}

TEST_P(GramTest, OneBadElementTouchesItsOwnVectorOnly) {
  std::mt19937_64 generator(6);
  for (const std::size_t place : {0u, 77u, 99u}) {
    std::vector<float> bad(100, 1.0f);
    bad[place] = -std::numeric_limits<float>::quiet_NaN();
    const std::vector<float> good(100, 2.0f);
    const std::vector<TypedInput> inputs{{DType::f32, reinterpret_cast<const std::byte*>(good.data())},
                                         {DType::f32, reinterpret_cast<const std::byte*>(bad.data())},
                                         {DType::f32, reinterpret_cast<const std::byte*>(good.data())}};
    std::vector<double> sums(6);
    gram(inputs, {}, 100, sums);
    EXPECT_EQ(sums[gram_index(0, 0)], 400.0);
    EXPECT_EQ(sums[gram_index(2, 0)], 400.0);
    EXPECT_EQ(sums[gram_index(2, 2)], 400.0);
    for (const std::size_t entry : {gram_index(1, 0), gram_index(1, 1), gram_index(2, 1)}) {
      EXPECT_EQ(std::bit_cast<std::uint64_t>(sums[entry]), 0x7ff8000000000000u);
    }
  }
}

TEST_P(GramTest, RefusesWhatBreaksItsPreconditions) {
  std::array<std::byte, 8> data{};
  const TypedInput floats{DType::f32, data.data()};
  const TypedInput integers{DType::i32, data.data()};
  std::array<double, 3> sums{};
  EXPECT_THROW(gram(std::span(&floats, 1), {}, 1, sums), std::invalid_argument);
  EXPECT_THROW(gram(std::span(&integers, 1), {}, 1, std::span(sums).first(1)), std::invalid_argument);
  EXPECT_THROW(gram(std::span(&floats, 1), integers, 1, std::span(sums).first(1)), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Every, GramTest, testing::ValuesIn(available_instruction_sets()), test::set_name);

}  // namespace
}  // namespace stockpot::kernel
