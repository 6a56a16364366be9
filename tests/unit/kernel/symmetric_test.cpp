#include "stockpot/kernel/symmetric.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <thread>

#include "unit/kernel/matrices.hpp"

namespace stockpot::kernel {
namespace {

using test::Matrix;
using test::own_columns;
using test::random_matrix;
using test::random_positive_definite;
using test::rows_as_columns;
using test::transposed;

SymmetricPanel whole(const Matrix& gram) {
  return {gram.values.data(), gram.rows, 0, gram.rows, gram.columns};
}

/// Rows of the result are columns of the unknown: W -> W S + start.
Matrix product(const SymmetricPanel& panel, SymmetricScale scale, Matrix weights, double start = 0.0) {
  Matrix result(weights.rows, panel.end - panel.first, start);
  add_symmetric_product(panel, scale, rows_as_columns(weights), rows_as_columns(result));
  return result;
}

void expect_stated_product(const Matrix& gram, const Matrix& weights, double off_diagonal, double weight) {
  const Matrix actual = product(whole(gram), {off_diagonal, weight}, weights, 0.25);
  for (std::size_t c = 0; c < weights.rows; ++c) {
    for (std::size_t i = 0; i < gram.rows; ++i) {
      long double sum = 0.25L;
      long double magnitudes = 0.25L;
      for (std::size_t j = 0; j < gram.rows; ++j) {
        const long double factor = i == j ? weight : static_cast<long double>(weight) * off_diagonal;
        const long double term = factor * gram.at(i, j) * weights.at(c, j);
        sum += term;
        magnitudes += std::abs(term);
      }
      const long double bound = 1e-15L * static_cast<long double>(gram.rows + 8) * magnitudes;
      ASSERT_LE(std::abs(static_cast<long double>(actual.at(c, i)) - sum), bound) << c << " " << i;
    }
  }
}

TEST(SymmetricProduct, IsTheStatedSum) {
  for (const std::size_t order : {1U, 2U, 65U, 130U, 300U}) {
    const Matrix gram = random_positive_definite(order, 1);
    for (const std::size_t count : {1U, 63U, 64U, 65U}) {
      const Matrix weights = random_matrix(count, order, 2);
      expect_stated_product(gram, weights, 1.0, 1.0);
      expect_stated_product(gram, weights, 0.9, 2.5);
      expect_stated_product(gram, weights, 0.0, 0.5);
    }
  }
}

TEST(SymmetricProduct, OfDiagonalOnlyIsExact) {
  const Matrix gram = random_positive_definite(5, 3);
  const Matrix weights = random_matrix(2, 5, 4);
  const Matrix actual = product(whole(gram), {0.0, 1.0}, weights);
  for (std::size_t c = 0; c < 2; ++c) {
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(actual.at(c, i), gram.at(i, i) * weights.at(c, i));
  }
}

TEST(SymmetricProduct, BlocksAloneHaveTheBitsOfAllTogether) {
  const Matrix gram = random_positive_definite(1300, 5);
  Matrix weights = random_matrix(600, 1300, 6);  // more than a group of columns, and a last block of 24
  const Matrix together = product(whole(gram), {0.7}, weights);
  Matrix alone(weights.rows, gram.rows);
  for (std::size_t first = 0; first < weights.rows; first += solve_block_columns) {
    const std::size_t count = std::min(solve_block_columns, weights.rows - first);
    add_symmetric_product(whole(gram), {0.7}, {&weights.at(first, 0), 1300, count, 1, 1300},
                          {&alone.at(first, 0), 1300, count, 1, 1300});
  }
  EXPECT_EQ(alone.values, together.values);
}

TEST(SymmetricProduct, BlocksOfThreadsHaveTheBitsOfAllTogether) {
  const Matrix gram = random_positive_definite(700, 5);
  Matrix weights = random_matrix(4 * solve_block_columns, 700, 6);
  const Matrix together = product(whole(gram), {0.7}, weights);
  Matrix apart(weights.rows, gram.rows);
  std::vector<std::thread> threads;
  for (std::size_t first = 0; first < weights.rows; first += solve_block_columns) {
    threads.emplace_back([&, first] {
      add_symmetric_product(whole(gram), {0.7}, {&weights.at(first, 0), 700, solve_block_columns, 1, 700},
                            {&apart.at(first, 0), 700, solve_block_columns, 1, 700});
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(apart.values, together.values);
}

TEST(SymmetricProduct, RowPanelsHaveTheBitsOfTheWhole) {
  const std::size_t order = 2 * product_tile_rows + 40;
  const Matrix gram = random_positive_definite(order, 7);
  const Matrix weights = random_matrix(3, order, 8);
  const Matrix expected = product(whole(gram), {0.9}, weights);
  for (const std::size_t cut : {product_tile_rows, 2 * product_tile_rows}) {
    const Matrix upper = product({gram.values.data(), order, 0, cut, order}, {0.9}, weights);
    const Matrix lower = product({&gram.values[cut], order, cut, order, order}, {0.9}, weights);
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t i = 0; i < order; ++i) {
        ASSERT_EQ(expected.at(c, i), i < cut ? upper.at(c, i) : lower.at(c, i - cut)) << c << " " << i;
      }
    }
  }
}

TEST(SymmetricProduct, TakesColumnsOfEitherOrder) {
  const Matrix gram = random_positive_definite(90, 9);
  const Matrix weights = random_matrix(600, 90, 10);
  const Matrix expected = product(whole(gram), {0.4}, weights);
  Matrix unknown = transposed(weights);
  Matrix result(90, 600);
  add_symmetric_product(whole(gram), {0.4}, own_columns(unknown), own_columns(result));
  EXPECT_EQ(transposed(result).values, expected.values);
}

TEST(SymmetricProduct, OfNothingIsNothing) {
  const Matrix gram = random_positive_definite(4, 11);
  EXPECT_TRUE(product(whole(gram), {}, Matrix(0, 4)).values.empty());
  EXPECT_TRUE(product(whole(Matrix(0, 0)), {}, Matrix(3, 0)).values.empty());
}

TEST(SymmetricProduct, RefusesShapesThatDoNotFit) {
  const Matrix gram = random_positive_definite(4, 12);
  Matrix weights(3, 4);
  Matrix fewer(2, 4);
  Matrix shorter(3, 3);
  const auto add = [](const SymmetricPanel& panel, Columns x, Columns y) {
    add_symmetric_product(panel, {}, x, y);
  };
  EXPECT_THROW(add(whole(gram), rows_as_columns(weights), rows_as_columns(fewer)), std::invalid_argument);
  EXPECT_THROW(add(whole(gram), rows_as_columns(shorter), rows_as_columns(weights)), std::invalid_argument);
  EXPECT_THROW(add({gram.values.data(), 4, 1, 4, 4}, rows_as_columns(weights), rows_as_columns(shorter)),
               std::invalid_argument);
  EXPECT_THROW(add(whole(gram), {weights.values.data(), 4, 3, 2, 4}, rows_as_columns(weights)),
               std::invalid_argument);
}

TEST(AddSymmetric, RoundsEachStep) {
  Matrix gram = random_positive_definite(6, 13);
  Matrix sum(6, 6, 0.125);
  add_symmetric({gram.values.data(), 0, 6, 6}, {0.9, 3.0}, {&sum.at(2, 0), 2, 6, 6});
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < 6; ++j) {
      double expected = 0.125;
      if (i >= 2 && j < i) expected += 3.0 * (0.9 * gram.at(i, j));
      if (i >= 2 && j == i) expected += 3.0 * gram.at(i, i);
      EXPECT_EQ(sum.at(i, j), expected) << i << " " << j;
    }
  }
  EXPECT_THROW(add_symmetric({gram.values.data(), 0, 4, 6}, {}, {sum.values.data(), 0, 6, 6}),
               std::invalid_argument);
}

/// Every entry of the lower triangle is added once, whichever panels the matrix comes in.
TEST(AddSymmetric, OfPanelsIsThatOfTheWhole) {
  constexpr std::size_t order = product_tile_rows + 60;
  Matrix gram = random_matrix(order, order, 14);
  for (std::size_t i = 0; i < order; ++i) {
    for (std::size_t j = 0; j < i; ++j) gram.at(j, i) = gram.at(i, j);
  }
  const SymmetricScale scale{0.9, 3.0};
  Matrix expected(order, order, 0.125);
  add_symmetric(TrianglePanel{gram.values.data(), 0, order, order}, scale,
                TrianglePanel{expected.values.data(), 0, order, order});
  Matrix by_columns(order, order, 0.125);
  Matrix by_rows(order, order, 0.125);
  for (const auto& [first, end] :
       {std::pair{product_tile_rows, order}, {std::size_t{0}, product_tile_rows}}) {
    // Rows and columns of a symmetric matrix are the same.
    const SymmetricPanel panel{gram.values.data() + first, order, first, end, order};
    add_symmetric(panel, scale, by_columns.values.data(), order);
    add_symmetric_rows(panel, scale, {&by_rows.at(first, 0), first, end, order});
  }
  EXPECT_EQ(by_columns.values, expected.values);
  EXPECT_EQ(by_rows.values, expected.values);
  const SymmetricPanel whole_panel = whole(gram);
  EXPECT_THROW(add_symmetric(whole_panel, scale, by_columns.values.data(), order - 1), std::invalid_argument);
  EXPECT_THROW(add_symmetric_rows(whole_panel, scale, {by_rows.values.data(), 0, 60, order}),
               std::invalid_argument);
}

}  // namespace
}  // namespace stockpot::kernel
