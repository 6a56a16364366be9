#include "stockpot/kernel/linear_form.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>

#include "stockpot/base/error.hpp"
#include "stockpot/tensor/convert.hpp"
#include "unit/kernel/elements.hpp"

namespace stockpot::kernel {
namespace {

using test::Elements;
using test::InstructionSetTest;
using test::Kind;

struct FormProblem {
  LinearForm form;
  std::vector<Elements> inputs;
  Elements anchor;
  DType output = DType::f32;
  std::uint64_t count = 0;

  [[nodiscard]] std::vector<TypedInput> views() const {
    std::vector<TypedInput> list;
    for (const Elements& input : inputs) list.push_back(input.view());
    return list;
  }
};

/// Any mixture of the features of a form; weights, divisors and scales are sometimes 1 or powers of two.
LinearForm random_form(std::mt19937_64& generator, std::size_t models) {
  const auto coin = [&generator] { return generator() % 2 == 0; };
  const auto factor = [&generator, &coin] {
    static constexpr std::array<double, 8> plain{1.0, 2.0, 0.5, 3.0, -1.0, -4.0, 1.0 / 3.0, 0.0};
    return coin() ? plain[generator() % plain.size()] : std::normal_distribution<double>(0.0, 2.0)(generator);
  };
  LinearForm form;
  for (std::size_t i = 0; i < models; ++i) form.weights.push_back(factor());
  form.task_vectors = coin();
  if (coin()) form.divisor = factor();
  if (coin()) form.scale = factor();
  if (coin()) form.anchor_weight = factor();
  return form;
}

FormProblem random_problem(std::mt19937_64& generator, DType input, DType output, Kind kind) {
  FormProblem problem;
  problem.count = generator() % 131;
  if (generator() % 16 == 0) problem.count += 1024;  // more than one block
  const std::size_t models = 1 + generator() % 9;
  problem.form = random_form(generator, models);
  problem.output = output;
  for (std::size_t i = 0; i < models; ++i) {
    problem.inputs.emplace_back(input, problem.count, generator, kind);
  }
  problem.anchor = Elements(input, problem.count, generator, kind);
  return problem;
}

void expect_equal_to_reference(const FormProblem& problem, std::mt19937_64& generator) {
  Elements expected(problem.output, problem.count, generator, Kind::bits);
  Elements actual(problem.output, problem.count, generator, Kind::bits);
  const std::vector<TypedInput> inputs = problem.views();
  const ElementCounts expected_counts =
      reference::linear_form(problem.form, inputs, problem.anchor.view(), expected.output(), problem.count);
  const ElementCounts actual_counts =
      linear_form(problem.form, inputs, problem.anchor.view(), actual.output(), problem.count);
  EXPECT_EQ(actual_counts.nonfinite, expected_counts.nonfinite);
  test::expect_same(actual, expected);
  EXPECT_TRUE(actual.margins_untouched());
}

class LinearFormTest : public InstructionSetTest {};

TEST_P(LinearFormTest, EqualsReferenceForEveryPairOfTypes) {
  std::mt19937_64 generator(1);
  for (const DType input : test::mergeable_types()) {
    for (const DType output : test::output_types()) {
      for (const Kind kind : {Kind::bits, Kind::finite, Kind::weights, Kind::edges}) {
        SCOPED_TRACE(std::string(name(input)) + " -> " + std::string(name(output)));
        for (int round = 0; round < 40 && !HasFailure(); ++round) {
          expect_equal_to_reference(random_problem(generator, input, output, kind), generator);
        }
      }
    }
  }
}

TEST_P(LinearFormTest, EqualsReferenceForMixedTypes) {
  std::mt19937_64 generator(2);
  const std::vector<DType> types = test::mergeable_types();
  for (int round = 0; round < 400 && !HasFailure(); ++round) {
    const DType output = test::output_types()[generator() % 4];
    const Kind kind = generator() % 2 == 0 ? Kind::bits : Kind::weights;
    FormProblem problem = random_problem(generator, DType::f32, output, kind);
    for (Elements& input : problem.inputs) {
      input = Elements(types[generator() % types.size()], problem.count, generator, kind);
    }
    problem.anchor = Elements(types[generator() % types.size()], problem.count, generator, kind);
    expect_equal_to_reference(problem, generator);
  }
}

TEST_P(LinearFormTest, EqualsReferenceAtEveryLength) {
  std::mt19937_64 generator(3);
  for (std::uint64_t count = 0; count <= 130 && !HasFailure(); ++count) {
    FormProblem problem;
    problem.count = count;
    problem.form.weights = {0.25, 0.7, -1.3};
    problem.form.divisor = 3.0;
    problem.output = DType::bf16;
    for (int i = 0; i < 3; ++i) problem.inputs.emplace_back(DType::bf16, count, generator, Kind::weights);
    expect_equal_to_reference(problem, generator);
  }
}

TEST_P(LinearFormTest, EveryHalfOfEveryKindGoesThroughUnchanged) {
  for (const DType dtype : {DType::bf16, DType::f16}) {
    std::vector<std::uint16_t> bits(65536);
    for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint16_t>(i);
    std::vector<std::uint16_t> result(bits.size());
    const TypedInput input{dtype, reinterpret_cast<const std::byte*>(bits.data())};
    const LinearForm identity{.weights = {1.0}, .divisor = {}, .anchor_weight = {}};
    linear_form(identity, std::span(&input, 1), {}, {dtype, reinterpret_cast<std::byte*>(result.data())},
                bits.size());
    for (std::size_t i = 0; i < bits.size(); ++i) {
      const double value = load_as_double(dtype, reinterpret_cast<const std::byte*>(bits.data()), i);
      const unsigned quiet_nan = dtype == DType::bf16 ? 0x7fc0u : 0x7e00u;
      ASSERT_EQ(result[i], std::isnan(value) ? quiet_nan : bits[i]);
    }
  }
}

/// Doubles at, just above and just below every midpoint between neighbouring halves, in groups with and
/// without values that leave the normal range.
TEST_P(LinearFormTest, RoundsOnceAroundEveryMidpoint) {
  for (const DType dtype : {DType::bf16, DType::f16}) {
    std::vector<double> values;
    const unsigned infinity = dtype == DType::bf16 ? 0x7f80u : 0x7c00u;
    const auto value_of = [dtype](unsigned bits) {
      const auto half = static_cast<std::uint16_t>(bits);
      return dtype == DType::bf16 ? bf16_to_double(half) : f16_to_double(half);
    };
    for (unsigned bits = 0; bits + 1 < infinity; ++bits) {
      const double middle = (value_of(bits) + value_of(bits + 1)) / 2;
      for (const double value : {middle, std::nextafter(middle, 0.0), std::nextafter(middle, 1e300)}) {
        values.push_back(value);
        values.push_back(-value);
      }
    }
    const TypedInput input{DType::f64, reinterpret_cast<const std::byte*>(values.data())};
    std::vector<std::uint16_t> result(values.size());
    const TypedOutput output{dtype, reinterpret_cast<std::byte*>(result.data())};
    EXPECT_EQ(convert(input, output, values.size()).nonfinite, 0u);
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(result[i], dtype == DType::bf16 ? double_to_bf16(values[i]) : double_to_f16(values[i]))
          << values[i];
    }
  }
}

/// Groups of one value each, so that nothing else in the group decides how it is rounded: the borders of the
/// normal range and of the finite one, and their nearest doubles.
TEST_P(LinearFormTest, RoundsOnceAtTheBordersOfTheRange) {
  const std::vector<double> borders{
      0x1p-126 - 0x1p-134, 0x1p-126,   0x1.01p-126, 0x1p-133, 0x1p-134, 0x1p-149,
      0x1p-14 - 0x1p-25,   0x1p-14,    0x1p-24,     0x1p-25,  65504.0,  65520.0,
      0x1.fep127,          0x1.ffp127, 0x1p128,     0x1p1023, 0.0};
  for (const DType dtype : {DType::bf16, DType::f16}) {
    for (const double border : borders) {
      for (const double value : {border, std::nextafter(border, 0.0), std::nextafter(border, 1e308)}) {
        const std::vector<double> values(64, -value);
        std::vector<std::uint16_t> result(values.size());
        convert({DType::f64, reinterpret_cast<const std::byte*>(values.data())},
                {dtype, reinterpret_cast<std::byte*>(result.data())}, values.size());
        const unsigned expected = dtype == DType::bf16 ? double_to_bf16(-value) : double_to_f16(-value);
        EXPECT_THAT(result, testing::Each(expected)) << value;
      }
    }
  }
}

TEST_P(LinearFormTest, SumsFromLeftToRightWithoutFusing) {
  // (1 + 2^-53) + 2^-53 is 1, 1 + (2^-53 + 2^-53) is not; a fused multiply-add would keep the square's last
  // bits.
  const std::vector<double> ones(64, 1.0);
  const std::vector<double> tiny(64, 0x1p-53);
  const double root = 1.0 + 0x1p-30;
  const std::vector<double> roots(64, root);
  const auto view = [](const std::vector<double>& values) {
    return TypedInput{DType::f64, reinterpret_cast<const std::byte*>(values.data())};
  };
  std::vector<double> result(64);
  const TypedOutput output{DType::f64, reinterpret_cast<std::byte*>(result.data())};

  LinearForm form{.weights = {1.0, 1.0, 1.0}, .divisor = {}, .anchor_weight = {}};
  linear_form(form, std::vector{view(ones), view(tiny), view(tiny)}, {}, output, 64);
  EXPECT_THAT(result, testing::Each(1.0));

  const volatile double square = root * root;
  form.weights = {-square, root};
  linear_form(form, std::vector{view(ones), view(roots)}, {}, output, 64);
  EXPECT_THAT(result, testing::Each(0.0));
}

TEST_P(LinearFormTest, DividesTruly) {
  std::vector<double> values(64);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i) + 0.1;
  std::vector<double> result(values.size());
  const TypedInput input{DType::f64, reinterpret_cast<const std::byte*>(values.data())};
  for (const double divisor : {3.0, 49.0, 0.1, 8.0, -0.25, 0x1p1023, 0x1p-1074}) {
    const LinearForm form{.weights = {1.0}, .divisor = divisor, .anchor_weight = {}};
    linear_form(form, std::span(&input, 1), {}, {DType::f64, reinterpret_cast<std::byte*>(result.data())},
                values.size());
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(result[i], values[i] / divisor);
  }
}

TEST_P(LinearFormTest, WithoutModelsTheAnchorRemains) {
  std::mt19937_64 generator(5);
  const Elements anchor(DType::bf16, 100, generator, Kind::weights);
  Elements result(DType::bf16, 100, generator, Kind::bits);
  LinearForm form;
  form.task_vectors = true;
  form.anchor_weight = 1.0;
  form.divisor = 0.0;
  EXPECT_EQ(linear_form(form, {}, anchor.view(), result.output(), 100).nonfinite, 0u);
  test::expect_same(result, anchor);
}

TEST_P(LinearFormTest, RunningSumSplitAnywhereIsTheWhole) {
  std::mt19937_64 generator(6);
  for (int round = 0; round < 60 && !HasFailure(); ++round) {
    const DType output = test::output_types()[generator() % 4];
    FormProblem problem =
        random_problem(generator, DType::bf16, output, round % 2 == 0 ? Kind::weights : Kind::edges);
    if (round % 3 == 0) problem.inputs.back() = Elements(DType::f16, problem.count, generator, Kind::weights);
    const std::vector<TypedInput> inputs = problem.views();
    Elements whole(output, problem.count, generator, Kind::bits);
    reference::linear_form(problem.form, inputs, problem.anchor.view(), whole.output(), problem.count);
    for (std::size_t cut = 0; cut <= inputs.size(); ++cut) {
      std::vector<double> sums(problem.count, std::numeric_limits<double>::quiet_NaN());
      const std::span<const TypedInput> all(inputs);
      add_to_running_sum(problem.form, 0, all.first(cut), problem.anchor.view(), sums);
      add_to_running_sum(problem.form, cut, all.subspan(cut), problem.anchor.view(), sums);
      Elements parts(output, problem.count, generator, Kind::bits);
      finish_running_sum(problem.form, sums, problem.anchor.view(), parts.output());
      test::expect_same(parts, whole);
    }
  }
}

TEST_P(LinearFormTest, CountsOutputsThatOverflow) {
  const std::vector<double> values{1.0, 1e300, -65519.9, 65520.0, std::numeric_limits<double>::quiet_NaN()};
  std::vector<double> many;
  for (int i = 0; i < 20; ++i) many.insert(many.end(), values.begin(), values.end());
  const TypedInput input{DType::f64, reinterpret_cast<const std::byte*>(many.data())};
  std::vector<std::uint16_t> result(many.size());
  EXPECT_EQ(convert(input, {DType::f16, reinterpret_cast<std::byte*>(result.data())}, many.size()).nonfinite,
            60u);
  EXPECT_THAT(std::vector(result.begin(), result.begin() + 5),
              testing::ElementsAre(0x3c00, 0x7c00, 0xfbff, 0x7c00, 0x7e00));
}

TEST_P(LinearFormTest, RefusesWhatBreaksItsPreconditions) {
  std::array<std::byte, 8> data{};
  const TypedInput floats{DType::f32, data.data()};
  const TypedInput integers{DType::i32, data.data()};
  const TypedOutput target{DType::f32, data.data()};
  const LinearForm form{.weights = {1.0}, .divisor = {}, .anchor_weight = {}};
  const LinearForm task{.weights = {1.0}, .task_vectors = true, .divisor = {}, .anchor_weight = {}};
  std::array<double, 1> sums{};
  EXPECT_THROW(linear_form(form, {}, {}, target, 1), std::invalid_argument);
  EXPECT_THROW(linear_form(form, std::span(&integers, 1), {}, target, 1), std::invalid_argument);
  EXPECT_THROW(linear_form(form, std::span(&floats, 1), {}, {DType::f8_e5m2, data.data()}, 1),
               std::invalid_argument);
  EXPECT_THROW(linear_form(task, std::span(&floats, 1), integers, target, 1), std::invalid_argument);
  EXPECT_THROW(add_to_running_sum(form, 1, std::span(&floats, 1), {}, sums), std::invalid_argument);
  EXPECT_THROW(add_to_running_sum(task, 0, std::span(&floats, 1), integers, sums), std::invalid_argument);
  EXPECT_THROW(finish_running_sum(form, sums, {}, {DType::u8, data.data()}), std::invalid_argument);
  EXPECT_THROW(convert(integers, target, 1), std::invalid_argument);
  EXPECT_THROW(count_nonfinite(integers, 1), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Every, LinearFormTest, testing::ValuesIn(available_instruction_sets()),
                         test::set_name);

}  // namespace
}  // namespace stockpot::kernel
