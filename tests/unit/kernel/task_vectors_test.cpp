#include "stockpot/kernel/task_vectors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

#include "unit/kernel/sparse_parts.hpp"

namespace stockpot::kernel {
namespace {

using test::Elements;
using test::InstructionSetTest;
using test::is_kept;
using test::Kind;
using test::Sparse;
using test::Tile;

using test::infinity;
using test::not_a_number;

/// The formula of one element, operation by operation.
double expected_value(const TaskVectorForm& form, const Tile& tile, const Sparse& sparse,
                      std::uint64_t index) {
  const double b = tile.anchor.value(index);
  std::vector<double> weights;
  std::vector<double> entries;
  for (std::size_t i = 0; i < sparse.parts.size(); ++i) {
    const SparsePart& part = sparse.parts[i];
    if (!is_kept(part, tile.delta(i, index), index)) continue;
    weights.push_back(part.weight);
    entries.push_back(test::scaled(part, tile.delta(i, index), index));
  }
  std::vector<bool> counts(entries.size(), true);
  if (form.election != Election::none) {
    std::vector<double> votes = entries;
    for (std::size_t i = 0; i < votes.size(); ++i) {
      if (form.election == Election::weighted) votes[i] = weights[i] * entries[i];
    }
    double sum = 0.0;
    for (const double vote : votes) sum += vote;
    if (std::isnan(sum)) return sum;
    const bool positive = sum == 0.0 ? form.tie_sign > 0.0 : sum > 0.0;
    for (std::size_t i = 0; i < votes.size(); ++i) counts[i] = positive ? votes[i] > 0.0 : votes[i] < 0.0;
  }
  bool any = false;
  double total = 0.0;
  double total_weight = 0.0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!counts[i]) continue;
    const double product = weights[i] * entries[i];
    total = any ? total + product : product;
    total_weight = total_weight + weights[i];
    any = true;
  }
  if (!any) return b;
  if (form.divisor_rule == Divisor::constant) total = total / form.divisor;
  if (form.divisor_rule == Divisor::contributing_weights) {
    if (form.least_divisor > 0.0) {
      total = total / std::max(total_weight, form.least_divisor);
    } else if (total_weight != 0.0) {
      total = total / total_weight;
    }
  }
  return b + form.lambda * total;
}

TaskVectorForm random_form(std::mt19937_64& generator) {
  TaskVectorForm form;
  form.election = std::array{Election::none, Election::weighted, Election::unweighted}[generator() % 3];
  form.tie_sign = generator() % 2 == 0 ? 1.0 : -1.0;
  form.divisor_rule =
      std::array{Divisor::none, Divisor::constant, Divisor::contributing_weights}[generator() % 3];
  form.divisor = test::any_divisor(generator);
  form.least_divisor = generator() % 2 == 0 ? 0.0 : 1e-6;
  form.lambda = test::any_factor(generator);
  return form;
}

class TaskVectorsTest : public InstructionSetTest {};

TEST_P(TaskVectorsTest, CombinesAsTheFormulaReads) {
  std::mt19937_64 generator(31);
  for (int round = 0; round < 1200 && !HasFailure(); ++round) {
    const Tile tile(generator, generator() % 7);
    const Sparse sparse(generator, tile);
    const TaskVectorForm form = random_form(generator);
    std::vector<double> expected(tile.count);
    for (std::uint64_t i = 0; i < tile.count; ++i) expected[i] = expected_value(form, tile, sparse, i);
    Elements actual(tile.output, tile.count, generator, Kind::bits);
    const ElementCounts counts =
        combine_task_vectors(form, sparse.parts, tile.anchor.view(), actual.output(), tile.count);
    test::expect_rounded(actual, counts, expected);
  }
}

TEST_P(TaskVectorsTest, WithoutDroppingItIsTheLinearForm) {
  std::mt19937_64 generator(32);
  for (int round = 0; round < 200 && !HasFailure(); ++round) {
    const Tile tile(generator, 1 + generator() % 5);
    TaskVectorForm form;
    form.lambda = test::any_factor(generator);
    LinearForm linear{
        .weights = {}, .task_vectors = true, .divisor = {}, .scale = form.lambda, .anchor_weight = 1.0};
    std::vector<SparsePart> parts;
    for (const TypedInput& input : tile.views()) {
      linear.weights.push_back(test::any_factor(generator));
      parts.push_back({.input = input, .weight = linear.weights.back()});
    }
    if (generator() % 2 == 0) {
      form.divisor_rule = Divisor::constant;
      form.divisor = test::any_divisor(generator);
      linear.divisor = form.divisor;
    }
    Elements expected(tile.output, tile.count, generator, Kind::bits);
    Elements actual(tile.output, tile.count, generator, Kind::bits);
    linear_form(linear, tile.views(), tile.anchor.view(), expected.output(), tile.count);
    combine_task_vectors(form, parts, tile.anchor.view(), actual.output(), tile.count);
    test::expect_same(actual, expected);
  }
}

TEST_P(TaskVectorsTest, WhereNothingContributesTheAnchorIsUnchanged) {
  std::mt19937_64 generator(33);
  for (const DType dtype : test::output_types()) {
    for (const double lambda : {1.0, -1.0, 0.0, -0.0, 0.3, -2.5}) {
      for (const double divisor : {3.0, -3.0, -0.5}) {
        for (const Divisor rule : {Divisor::none, Divisor::constant, Divisor::contributing_weights}) {
          for (const Election election : {Election::none, Election::weighted, Election::unweighted}) {
            const Elements anchor(dtype, 150, generator, Kind::few);
            const Elements x(dtype, 150, generator, Kind::weights);
            const std::array<std::uint64_t, 3> none{};
            const std::vector<SparsePart> parts{{.input = x.view(), .keep = none.data()},
                                                {.input = x.view(), .least = 1e9}};
            const TaskVectorForm form{.election = election,
                                      .divisor_rule = rule,
                                      .divisor = divisor,
                                      .least_divisor = 0.0,
                                      .lambda = lambda};
            Elements result(dtype, 150, generator, Kind::bits);
            combine_task_vectors(form, parts, anchor.view(), result.output(), 150);
            ASSERT_NO_FATAL_FAILURE(test::expect_same(result, anchor));
            combine_task_vectors(form, {}, anchor.view(), result.output(), 150);
            ASSERT_NO_FATAL_FAILURE(test::expect_same(result, anchor));
          }
        }
      }
    }
  }
}

/// `copies` times the tile of one element, so that the vector code sees it too.
std::vector<double> combine_one(const TaskVectorForm& form, const std::vector<double>& weights,
                                const std::vector<double>& values, double b) {
  constexpr std::size_t copies = 40;
  const auto bytes_of = [](std::vector<double>& list) { return reinterpret_cast<std::byte*>(list.data()); };
  std::vector<std::vector<double>> inputs;
  for (const double value : values) inputs.emplace_back(copies, value);
  std::vector<SparsePart> parts;
  for (std::size_t i = 0; i < values.size(); ++i) {
    parts.push_back({.input = {DType::f64, bytes_of(inputs[i])}, .weight = weights[i]});
  }
  std::vector<double> anchor(copies, b);
  std::vector<double> result(copies);
  combine_task_vectors(form, parts, {DType::f64, bytes_of(anchor)}, {DType::f64, bytes_of(result)}, copies);
  return result;
}

TEST_P(TaskVectorsTest, ElectsBySumAndAveragesWhatAgrees) {
  TaskVectorForm ties{.election = Election::weighted, .divisor_rule = Divisor::contributing_weights};
  // +3 and +1 against -2: their mean, weighted, onto 10.
  EXPECT_THAT(combine_one(ties, {1, 1, 1}, {13, 8, 11}, 10), testing::Each(12.0));
  EXPECT_THAT(combine_one(ties, {1, 1, 3}, {13, 8, 11}, 10), testing::Each(11.5));
  // A negative weight turns the vote; the weights that agree add up to zero: divisor 1.
  EXPECT_THAT(combine_one(ties, {1, -1, 1}, {13, 8, 10}, 10), testing::Each(15.0));
  // The unweighted vote of the large negative entry wins however small its weight.
  ties.election = Election::unweighted;
  EXPECT_THAT(combine_one(ties, {1, 0.25, 1}, {13, 2, 11}, 10), testing::Each(2.0));
  // A tie takes the given sign.
  EXPECT_THAT(combine_one(ties, {1, 1, 1}, {13, 7, 10}, 10), testing::Each(13.0));
  ties.tie_sign = -1.0;
  EXPECT_THAT(combine_one(ties, {1, 1, 1}, {13, 7, 10}, 10), testing::Each(7.0));
  // Entries that agree add up to no more weight than the least divisor.
  ties.least_divisor = 4.0;
  EXPECT_THAT(combine_one(ties, {1, 1, 1}, {14, 10, 12}, 10), testing::Each(11.5));
}

TEST_P(TaskVectorsTest, NansAndLostSignsShow) {
  for (const Election election : {Election::none, Election::weighted, Election::unweighted}) {
    const TaskVectorForm form{.election = election};
    EXPECT_THAT(combine_one(form, {1, 1}, {not_a_number, 5}, 1), testing::Each(testing::IsNan()));
    EXPECT_THAT(combine_one(form, {1, 1}, {infinity, -infinity}, 1), testing::Each(testing::IsNan()));
    EXPECT_THAT(combine_one(form, {1, 1}, {infinity, 5}, 1), testing::Each(infinity));
    EXPECT_THAT(combine_one(form, {1, 1}, {3, 5}, not_a_number), testing::Each(testing::IsNan()));
  }
}

TEST_P(TaskVectorsTest, BalancesSignsOfSums) {
  std::mt19937_64 generator(34);
  for (int round = 0; round < 500 && !HasFailure(); ++round) {
    const Tile tile(generator, generator() % 6);
    const Sparse sparse(generator, tile);
    std::int64_t expected = 0;
    for (std::uint64_t e = 0; e < tile.count; ++e) {
      double sum = 0.0;
      for (std::size_t i = 0; i < sparse.parts.size(); ++i) {
        const SparsePart& part = sparse.parts[i];
        if (is_kept(part, tile.delta(i, e), e)) sum += test::scaled(part, tile.delta(i, e), e);
      }
      if (sum > 0.0) expected += 1;
      if (sum < 0.0) expected -= 1;
    }
    EXPECT_EQ(sign_balance(sparse.parts, tile.anchor.view(), tile.count), expected);
  }
}

TEST_P(TaskVectorsTest, SparsifiedEntriesAreScaledOrZero) {
  std::mt19937_64 generator(35);
  for (int round = 0; round < 500 && !HasFailure(); ++round) {
    const Tile tile(generator, 1);
    const Sparse sparse(generator, tile);
    std::vector<double> entries(tile.count + 4, -7.0);
    sparsified(sparse.parts[0], tile.anchor.view(), tile.count, entries.data());
    for (std::uint64_t e = 0; e < tile.count; ++e) {
      const SparsePart& part = sparse.parts[0];
      const double delta = tile.delta(0, e);
      const double expected = is_kept(part, delta, e) ? test::scaled(part, delta, e) : 0.0;
      if (std::isnan(expected)) {
        ASSERT_TRUE(std::isnan(entries[e]));
      } else {
        ASSERT_EQ(std::bit_cast<std::uint64_t>(entries[e]), std::bit_cast<std::uint64_t>(expected));
      }
    }
    for (std::uint64_t e = tile.count; e < entries.size(); ++e) EXPECT_EQ(entries[e], -7.0);
  }
}

TEST_P(TaskVectorsTest, RefusesWhatBreaksItsPreconditions) {
  std::array<std::byte, 8> data{};
  const TypedInput floats{DType::f32, data.data()};
  const TypedInput integers{DType::i32, data.data()};
  const TypedOutput target{DType::f32, data.data()};
  const auto refuses = [&](const TaskVectorForm& form, const SparsePart& part, TypedInput anchor,
                           TypedOutput output) {
    EXPECT_THROW(combine_task_vectors(form, std::span(&part, 1), anchor, output, 0), std::invalid_argument);
  };
  refuses({}, {.input = integers}, floats, target);
  refuses({}, {.input = floats}, integers, target);
  refuses({}, {.input = floats}, floats, {DType::f8_e5m2, data.data()});
  refuses({}, {.input = floats, .weight = infinity}, floats, target);
  refuses({}, {.input = floats, .least = not_a_number}, floats, target);
  refuses({}, {.input = floats, .most = not_a_number}, floats, target);
  refuses({}, {.input = floats, .factor = not_a_number}, floats, target);
  refuses({}, {.input = floats, .divisor = 0.0}, floats, target);
  refuses({.tie_sign = 0.0}, {.input = floats}, floats, target);
  refuses({.divisor_rule = Divisor::constant, .divisor = 0.0}, {.input = floats}, floats, target);
  refuses({.least_divisor = infinity}, {.input = floats}, floats, target);
  refuses({.lambda = not_a_number}, {.input = floats}, floats, target);
  const SparsePart part{.input = floats};
  EXPECT_THROW(sign_balance(std::span(&part, 1), integers, 0), std::invalid_argument);
  EXPECT_THROW(sparsified(part, integers, 0, nullptr), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Every, TaskVectorsTest, testing::ValuesIn(available_instruction_sets()),
                         test::set_name);

}  // namespace
}  // namespace stockpot::kernel
