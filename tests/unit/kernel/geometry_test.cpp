#include "stockpot/kernel/geometry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <stdexcept>

#include "unit/kernel/elements.hpp"
#include "unit/kernel/lane_oracle.hpp"

namespace stockpot::kernel {
namespace {

using test::Elements;
using test::Kind;

struct Problem {
  std::vector<Elements> inputs;
  std::optional<Elements> base;
  std::uint64_t count = 0;

  [[nodiscard]] GeometryLayout layout() const { return {inputs.size(), base.has_value()}; }
  [[nodiscard]] std::vector<double> sums() const {
    std::vector<TypedInput> views;
    for (const Elements& input : inputs) views.push_back(input.view());
    std::vector<double> result(layout().width(), std::numeric_limits<double>::quiet_NaN());
    geometry(views, base ? base->view() : TypedInput{}, count, result);
    return result;
  }

  /// What the statement says of each sum.
  [[nodiscard]] std::vector<double> expected() const {
    const std::size_t models = inputs.size();
    std::vector<std::vector<double>> terms(layout().width());
    for (std::uint64_t e = 0; e < count; ++e) {
      const double first = inputs.front().value(e);
      double mean = first - first;
      for (std::size_t i = 1; i < models; ++i) mean = mean + (inputs[i].value(e) - first);
      mean = mean / static_cast<double>(models);
      bool up = false;
      bool down = false;
      for (std::size_t i = 0; i < models; ++i) {
        const double x = inputs[i].value(e);
        const double distance = (x - first) - mean;
        terms[layout().squared_norm(i)].push_back(x * x);
        terms[layout().zeros(i)].push_back(x == 0.0 ? 1.0 : 0.0);
        terms[layout().squared_distance(i)].push_back(distance * distance);
        if (!base) continue;
        up = up || x - base->value(e) > 0.0;
        down = down || x - base->value(e) < 0.0;
        for (std::size_t j = 0; j <= i; ++j) {
          terms[layout().first_product() + gram_index(i, j)].push_back((x - base->value(e)) *
                                                                       (inputs[j].value(e) - base->value(e)));
        }
      }
      if (!base) continue;
      const double b = base->value(e);
      const double distance = (b - first) - mean;
      terms[layout().base_squared_norm()].push_back(b * b);
      terms[layout().base_squared_distance()].push_back(distance * distance);
      terms[layout().sign_conflicts()].push_back(up && down ? 1.0 : 0.0);
    }
    std::vector<double> result;
    for (const std::vector<double>& of_sum : terms) result.push_back(test::sum_in_lanes(of_sum));
    return result;
  }
};

Problem problem_of(std::mt19937_64& generator, const std::vector<DType>& dtypes, bool has_base,
                   std::uint64_t count, Kind kind) {
  Problem problem;
  problem.count = count;
  for (const DType dtype : dtypes) problem.inputs.emplace_back(dtype, count, generator, kind);
  if (has_base) problem.base.emplace(dtypes.front(), count, generator, kind);
  return problem;
}

void expect_stated_sums(const Problem& problem) {
  const std::vector<double> sums = problem.sums();
  const std::vector<double> expected = problem.expected();
  for (std::size_t i = 0; i < sums.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint64_t>(sums[i]), test::bits_of_sum(expected[i]))
        << "sum " << i << " of " << problem.inputs.size() << " models of " << problem.count;
  }
}

class GeometryTest : public test::InstructionSetTest {};

TEST_P(GeometryTest, AddsInTheStatedOrderForEveryType) {
  std::mt19937_64 generator(1);
  for (const DType dtype : test::mergeable_types()) {
    for (const Kind kind : {Kind::bits, Kind::finite, Kind::weights, Kind::edges, Kind::few}) {
      SCOPED_TRACE(name(dtype));
      for (int round = 0; round < 8 && !HasFailure(); ++round) {
        const std::vector<DType> dtypes(1 + generator() % 7, dtype);
        expect_stated_sums(problem_of(generator, dtypes, round % 2 == 0, generator() % 300, kind));
      }
    }
  }
}

TEST_P(GeometryTest, AddsInTheStatedOrderForMixedTypes) {
  std::mt19937_64 generator(2);
  const std::vector<DType> types = test::mergeable_types();
  for (int round = 0; round < 60 && !HasFailure(); ++round) {
    std::vector<DType> dtypes(1 + generator() % 5);
    for (DType& dtype : dtypes) dtype = types[generator() % types.size()];
    expect_stated_sums(problem_of(generator, dtypes, round % 2 == 0, generator() % 1200, Kind::few));
  }
}

TEST_P(GeometryTest, AddsInTheStatedOrderAtEveryLength) {
  std::mt19937_64 generator(3);
  for (std::uint64_t count = 0; count <= 70 && !HasFailure(); ++count) {
    expect_stated_sums(problem_of(generator, std::vector(3, DType::bf16), true, count, Kind::few));
  }
  for (const std::uint64_t count : {255u, 256u, 257u, 511u, 528u, 4095u, 4096u}) {
    expect_stated_sums(problem_of(generator, std::vector(2, DType::f32), true, count, Kind::weights));
  }
}

/// Models that differ from each other in the sixth digit: differences of sums would keep few digits of these.
TEST_P(GeometryTest, KeepsTheDigitsOfSmallDifferences) {
  std::mt19937_64 generator(4);
  std::normal_distribution<double> normal;
  constexpr std::size_t count = 4096;
  constexpr std::size_t models = 3;
  std::vector<std::vector<double>> x(models + 1, std::vector<double>(count));
  for (std::size_t e = 0; e < count; ++e) {
    const double weight = normal(generator);
    for (auto& vector : x) vector[e] = weight * (1.0 + 1e-6 * normal(generator));
  }
  std::vector<TypedInput> inputs;
  for (const auto& vector : x)
    inputs.push_back({DType::f64, reinterpret_cast<const std::byte*>(vector.data())});
  const TypedInput base = inputs.back();
  inputs.pop_back();
  const GeometryLayout layout(models, true);
  std::vector<double> sums(layout.width());
  geometry(inputs, base, count, sums);

  std::vector<long double> distances(models + 1, 0.0L);
  for (std::size_t e = 0; e < count; ++e) {
    long double mean = 0.0L;
    for (std::size_t i = 0; i < models; ++i) mean += static_cast<long double>(x[i][e]) / models;
    for (std::size_t i = 0; i <= models; ++i) distances[i] += (x[i][e] - mean) * (x[i][e] - mean);
  }
  for (std::size_t i = 0; i <= models; ++i) {
    const auto exact = static_cast<double>(distances[i]);
    const double sum = i == models ? sums[layout.base_squared_distance()] : sums[layout.squared_distance(i)];
    EXPECT_NEAR(sum, exact, 1e-12 * exact) << i;
  }
}

TEST_P(GeometryTest, RefusesWhatItCantMeasure) {
  std::mt19937_64 generator(5);
  const Elements floats(DType::f32, 4, generator, Kind::weights);
  const TypedInput input = floats.view();
  std::vector<double> sums(3);
  EXPECT_THROW(geometry({}, {}, 4, {}), std::invalid_argument);
  EXPECT_THROW(geometry(std::span(&input, 1), input, 4, sums), std::invalid_argument);
  const TypedInput integers{DType::i32, input.data};
  EXPECT_THROW(geometry(std::span(&integers, 1), {}, 4, sums), std::invalid_argument);
  std::vector<double> with_base(GeometryLayout(1, true).width());
  EXPECT_THROW(geometry(std::span(&input, 1), integers, 4, with_base), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(AllSets, GeometryTest, testing::ValuesIn(available_instruction_sets()),
                         test::set_name);

}  // namespace
}  // namespace stockpot::kernel
