#include "stockpot/kernel/cholesky.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
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

Matrix factored(Matrix matrix) {
  EXPECT_EQ(factor_cholesky(matrix.values.data(), matrix.rows, matrix.columns), std::nullopt);
  return matrix;
}

/// Rows of the result are A^-1 times the rows of `rhs`.
Matrix solved(const Matrix& factor, Matrix rhs) {
  solve_cholesky(factor.values.data(), factor.rows, factor.columns, rows_as_columns(rhs));
  return rhs;
}

/// By plain loops in long double.
std::vector<long double> plain_factor(const Matrix& matrix) {
  const std::size_t n = matrix.rows;
  std::vector<long double> factor(n * n, 0.0L);
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = j; i < n; ++i) {
      long double sum = matrix.at(i, j);
      for (std::size_t k = 0; k < j; ++k) sum -= factor[i * n + k] * factor[j * n + k];
      factor[i * n + j] = i == j ? std::sqrt(sum) : sum / factor[j * n + j];
    }
  }
  return factor;
}

std::vector<long double> plain_solution(const std::vector<long double>& factor, const double* rhs,
                                        std::size_t n) {
  std::vector<long double> x(rhs, rhs + n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) x[i] -= factor[i * n + k] * x[k];
    x[i] /= factor[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) x[i] -= factor[k * n + i] * x[k];
    x[i] /= factor[i * n + i];
  }
  return x;
}

TEST(Cholesky, EqualsPlainLoops) {
  for (const std::size_t order : {1U, 2U, 3U, 64U, 100U, 257U}) {
    const Matrix matrix = random_positive_definite(order, 1);
    const Matrix rhs = random_matrix(66, order, 2);
    const std::vector<long double> expected = plain_factor(matrix);
    const Matrix factor = factored(matrix);
    for (std::size_t i = 0; i < order; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        ASSERT_NEAR(factor.at(i, j), static_cast<double>(expected[i * order + j]), 1e-13) << i << " " << j;
        ASSERT_EQ(factor.at(j, i), factor.at(i, j)) << i << " " << j;
      }
    }
    const Matrix actual = solved(factor, rhs);
    for (std::size_t c = 0; c < rhs.rows; ++c) {
      const std::vector<long double> x = plain_solution(expected, &rhs.values[c * order], order);
      for (std::size_t i = 0; i < order; ++i) {
        ASSERT_NEAR(actual.at(c, i), static_cast<double>(x[i]), 1e-13) << c << " " << i;
      }
    }
  }
}

TEST(Cholesky, SolvesOverManyTiles) {
  const std::size_t order = 1500;
  const Matrix matrix = random_positive_definite(order, 3);
  const Matrix rhs = random_matrix(70, order, 4);
  const Matrix x = solved(factored(matrix), rhs);
  for (const std::size_t c : {0U, 63U, 64U, 69U}) {
    for (std::size_t i = 0; i < order; ++i) {
      long double residual = rhs.at(c, i);
      for (std::size_t j = 0; j < order; ++j) {
        residual -= static_cast<long double>(matrix.at(i, j)) * static_cast<long double>(x.at(c, j));
      }
      ASSERT_LE(std::abs(residual), 1e-12L) << c << " " << i;
    }
  }
}

TEST(Cholesky, SolvesAnIllConditionedSystemBackwardStably) {
  const std::size_t order = 10;  // Hilbert's matrix: condition number 1.6e13
  Matrix matrix(order, order);
  for (std::size_t i = 0; i < order; ++i) {
    for (std::size_t j = 0; j < order; ++j) matrix.at(i, j) = 1.0 / static_cast<double>(i + j + 1);
  }
  const Matrix rhs = random_matrix(1, order, 5);
  const Matrix x = solved(factored(matrix), rhs);
  double largest = 0.0;
  for (const double value : x.values) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < order; ++i) {
    long double residual = rhs.at(0, i);
    for (std::size_t j = 0; j < order; ++j) {
      residual -= static_cast<long double>(matrix.at(i, j)) * static_cast<long double>(x.at(0, j));
    }
    EXPECT_LE(std::abs(residual), 1e-14L * static_cast<long double>(largest));
  }
}

TEST(Cholesky, BlocksAloneHaveTheBitsOfAllTogether) {
  const std::size_t order = 1100;
  const Matrix factor = factored(random_positive_definite(order, 6));
  const Matrix rhs = random_matrix(600, order, 7);
  const Matrix together = solved(factor, rhs);
  Matrix alone = rhs;
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::size_t first = thread * solve_block_columns; first < rhs.rows;
           first += 3 * solve_block_columns) {
        const std::size_t count = std::min(solve_block_columns, rhs.rows - first);
        solve_cholesky(factor.values.data(), order, order, {&alone.at(first, 0), order, count, 1, order});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(alone.values, together.values);
}

TEST(Cholesky, TakesColumnsOfEitherOrder) {
  const Matrix factor = factored(random_positive_definite(70, 8));
  const Matrix rhs = random_matrix(130, 70, 9);
  Matrix unknown = transposed(rhs);
  solve_cholesky(factor.values.data(), 70, 70, own_columns(unknown));
  EXPECT_EQ(transposed(unknown).values, solved(factor, rhs).values);
}

TEST(Cholesky, NamesTheRowThatFails) {
  const auto failing_row = [](Matrix matrix) {
    return factor_cholesky(matrix.values.data(), matrix.rows, matrix.columns);
  };
  for (const std::size_t order : {1U, 5U, 200U}) {
    const Matrix matrix = random_positive_definite(order, 10);
    const std::size_t row = order / 2;
    Matrix negative = matrix;
    negative.at(row, row) = -1.0;
    EXPECT_THAT(failing_row(negative), ::testing::Optional(row));
    Matrix dead = matrix;
    for (std::size_t j = 0; j < order; ++j) dead.at(row, j) = dead.at(j, row) = 0.0;
    EXPECT_THAT(failing_row(dead), ::testing::Optional(row));
    Matrix undefined = matrix;
    undefined.at(row, row) = std::numeric_limits<double>::quiet_NaN();
    EXPECT_NE(failing_row(undefined), std::nullopt);
    Matrix infinite = matrix;
    infinite.at(row, row) = std::numeric_limits<double>::infinity();
    EXPECT_NE(failing_row(infinite), std::nullopt);
  }
  EXPECT_THAT(failing_row(Matrix(3, 3, 1.0)), ::testing::Optional(std::size_t{1})) << "of rank 1";
}

TEST(Cholesky, ReadsTheLowerTriangleOfAnyStride) {
  const Matrix matrix = random_positive_definite(40, 11);
  const Matrix expected = factored(matrix);
  Matrix strided(40, 45, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < 40; ++i) {
    for (std::size_t j = 0; j <= i; ++j) strided.at(i, j) = matrix.at(i, j);
  }
  strided = factored(strided);
  Matrix rhs = random_matrix(3, 40, 12);
  const Matrix x = solved(expected, rhs);
  solve_cholesky(strided.values.data(), 40, 45, rows_as_columns(rhs));
  EXPECT_EQ(rhs.values, x.values);
}

TEST(Cholesky, OfNothingIsNothing) {
  EXPECT_EQ(factor_cholesky(nullptr, 0, 0), std::nullopt);
  const Matrix factor = factored(Matrix(1, 1, 4.0));
  EXPECT_EQ(factor.at(0, 0), 2.0);
  EXPECT_TRUE(solved(factor, Matrix(0, 1)).values.empty());
  EXPECT_TRUE(solved(Matrix(0, 0), Matrix(3, 0)).values.empty());
}

TEST(Cholesky, RefusesShapesThatDoNotFit) {
  Matrix matrix = random_positive_definite(4, 13);
  EXPECT_THROW(factor_cholesky(matrix.values.data(), 4, 3), std::invalid_argument);
  Matrix rhs(2, 3);
  EXPECT_THROW(solve_cholesky(matrix.values.data(), 4, 4, rows_as_columns(rhs)), std::invalid_argument);
}

}  // namespace
}  // namespace stockpot::kernel
