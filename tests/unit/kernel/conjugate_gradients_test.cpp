#include "stockpot/kernel/conjugate_gradients.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "stockpot/kernel/sums.hpp"
#include "stockpot/kernel/symmetric.hpp"
#include "unit/kernel/matrices.hpp"

namespace stockpot::kernel {
namespace {

using test::Matrix;
using test::own_columns;
using test::random_matrix;
using test::random_positive_definite;
using test::rows_as_columns;
using Vector = std::vector<double>;

LinearOperator plain_product(const Matrix& matrix) {
  return [&matrix](std::span<const double> vector, std::span<double> product) {
    for (std::size_t i = 0; i < matrix.rows; ++i) {
      product[i] = 0.0;
      for (std::size_t j = 0; j < matrix.columns; ++j) product[i] += matrix.at(i, j) * vector[j];
    }
  };
}

struct Solved : ConjugateGradientsResult {
  Vector x;
  Vector residual;
};

Solved solve(const Matrix& matrix, Vector rhs, Vector start, const ConjugateGradientsOptions& options) {
  Solved solved;
  static_cast<ConjugateGradientsResult&>(solved) =
      conjugate_gradients(plain_product(matrix), sum_of_products, rhs, start, options);
  solved.x = start;
  solved.residual = rhs;
  return solved;
}

Vector diagonal_of(const Matrix& matrix) {
  Vector diagonal;
  for (std::size_t i = 0; i < matrix.rows; ++i) diagonal.push_back(matrix.at(i, i));
  return diagonal;
}

void expect_near(const Vector& actual, const Vector& expected, double relative) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t e = 0; e < actual.size(); ++e) {
    EXPECT_NEAR(actual[e], expected[e], relative * std::abs(expected[e])) << e;
  }
}

/// 10 + i on the diagonal, 1 / (1 + |i - j|) off it.
struct SmallProblem {
  Matrix matrix{6, 6};
  Vector rhs = {1, -2, 3, -4, 5, -6};
  Vector start = Vector(6, 0.5);

  SmallProblem() {
    for (std::size_t i = 0; i < 6; ++i) {
      for (std::size_t j = 0; j < 6; ++j) {
        const double distance = static_cast<double>(i > j ? i - j : j - i);
        matrix.at(i, j) = i == j ? 10.0 + static_cast<double>(i) : 1.0 / (1.0 + distance);
      }
    }
  }
  [[nodiscard]] Solved solved(const ConjugateGradientsOptions& options) const {
    return solve(matrix, rhs, start, options);
  }
};

// The numbers are those of scipy.sparse.linalg.cg 1.10 (tol, atol = 0, maxiter, M).
TEST(ConjugateGradients, HasTheIteratesOfScipy) {
  const SmallProblem problem;
  expect_near(problem.solved({1, 0.0, {}}).x,
              {0.17623387166913762, -0.07501321204440622, 0.22876735280924226, -0.28514713660482494,
               0.30185741352590967, -0.47472448158868075},
              1e-13);
  expect_near(problem.solved({2, 0.0, {}}).x,
              {0.11498454442246311, -0.18379187874057848, 0.2573649810396065, -0.3283213751018014,
               0.38516803328150445, -0.40611443438528494},
              1e-13);
  expect_near(problem.solved({3, 0.0, {}}).x,
              {0.1084489070601466, -0.19071526177026482, 0.26621446087834505, -0.3191430318326688,
               0.37862505277711445, -0.408636743958619},
              1e-13);
}

TEST(ConjugateGradients, HasThePreconditionedIteratesOfScipy) {
  const SmallProblem problem;
  const Vector diagonal = diagonal_of(problem.matrix);
  expect_near(problem.solved({2, 0.0, diagonal}).x,
              {0.10822018517510185, -0.18902925373974994, 0.26614789090393004, -0.3186341393305418,
               0.3777079942954822, -0.4097568039530343},
              1e-13);
  EXPECT_EQ(problem.solved({100, 1e-5, diagonal}).iterations, 4U);
}

TEST(ConjugateGradients, StopsWhereScipyDoes) {
  EXPECT_EQ(SmallProblem().solved({100, 1e-5, {}}).iterations, 5U);

  Matrix laplacian(100, 100);  // with a symmetric rhs half the eigenvectors take part
  for (std::size_t i = 0; i < 100; ++i) {
    laplacian.at(i, i) = 2.0;
    if (i > 0) laplacian.at(i, i - 1) = laplacian.at(i - 1, i) = -1.0;
  }
  EXPECT_EQ(solve(laplacian, Vector(100, 1.0), Vector(100), {1000, 1e-5, {}}).iterations, 50U);

  Matrix band(200, 200);
  Vector rhs;
  for (std::size_t i = 0; i < 200; ++i) {
    rhs.push_back(std::cos(static_cast<double>(i)));
    band.at(i, i) = 1.0 + 0.5 * static_cast<double>(i);
    if (i > 0) band.at(i, i - 1) = band.at(i - 1, i) = 0.3;
  }
  const Solved plain = solve(band, rhs, Vector(200), {1000, 1e-8, {}});
  EXPECT_EQ(plain.iterations, 70U);
  EXPECT_NEAR(plain.x[7], 0.1546266844794613, 1e-12);
  EXPECT_NEAR(plain.x[150], 0.009161993544993153, 1e-12);
  const Vector diagonal = diagonal_of(band);
  EXPECT_EQ(solve(band, rhs, Vector(200), {1000, 1e-8, diagonal}).iterations, 9U);
}

TEST(ConjugateGradients, ReportsNormsOfRhsAndResiduals) {
  const SmallProblem problem;
  const Solved solved = problem.solved({4, 0.0, {}});
  EXPECT_NEAR(solved.rhs_norm, std::sqrt(91.0), 1e-14);
  ASSERT_EQ(solved.iterations, 4U);
  ASSERT_EQ(solved.residual_norms.size(), 5U);
  for (std::uint64_t count = 0; count <= 4; ++count) {
    const Solved earlier = problem.solved({count, 0.0, {}});
    Vector product(6);
    plain_product(problem.matrix)(earlier.x, product);
    double squares = 0.0;
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_NEAR(earlier.residual[i], problem.rhs[i] - product[i], 1e-13);
      squares += (problem.rhs[i] - product[i]) * (problem.rhs[i] - product[i]);
    }
    EXPECT_NEAR(solved.residual_norms[count], std::sqrt(squares), 1e-13) << count;
  }
}

TEST(ConjugateGradients, WithoutIterationsLeavesTheStart) {
  const SmallProblem problem;
  const Solved solved = problem.solved({0, 1e-5, {}});
  EXPECT_EQ(solved.iterations, 0U);
  EXPECT_EQ(solved.x, problem.start);
  EXPECT_EQ(solved.residual_norms.size(), 1U);
}

TEST(ConjugateGradients, WithoutToleranceStopsAtAZeroResidualOnly) {
  const Matrix one(1, 1, 4.0);
  const Solved solved = solve(one, {8.0}, {0.0}, {50, 0.0, {}});
  EXPECT_EQ(solved.iterations, 1U);
  EXPECT_EQ(solved.x, Vector{2.0});
  EXPECT_EQ(solved.residual_norms, (Vector{8.0, 0.0}));
  EXPECT_EQ(solve(one, {8.0}, {2.0}, {50, 0.0, {}}).iterations, 0U);
  EXPECT_EQ(SmallProblem().solved({30, 0.0, {}}).iterations, 30U);
}

TEST(ConjugateGradients, OfZeroAndOfNothing) {
  const SmallProblem problem;
  const Solved zero = solve(problem.matrix, Vector(6), Vector(6), {50, 1e-5, {}});
  EXPECT_EQ(zero.iterations, 0U);
  EXPECT_EQ(zero.x, Vector(6));
  const Solved nothing = solve(Matrix(0, 0), {}, {}, {50, 1e-5, {}});
  EXPECT_EQ(nothing.iterations, 0U);
  EXPECT_EQ(nothing.residual_norms, Vector{0.0});
}

TEST(ConjugateGradients, KeepsTheStartWhereTheOperatorIsZero) {
  Matrix matrix(3, 3);
  matrix.at(0, 0) = 2.0;
  matrix.at(2, 2) = 5.0;
  const Vector diagonal = diagonal_of(matrix);
  for (const bool preconditioned : {false, true}) {
    ConjugateGradientsOptions options{10, 1e-12, {}};
    if (preconditioned) options.diagonal = diagonal;
    const Solved solved = solve(matrix, {2.0, 0.0, 10.0}, {7.0, 0.25, 7.0}, options);
    expect_near(solved.x, {1.0, 0.25, 2.0}, 1e-14);
  }
}

TEST(ConjugateGradients, StopsWhereTheOperatorIsNotPositive) {
  Matrix matrix(2, 2);
  const Solved zero = solve(matrix, {1.0, 1.0}, {3.0, 4.0}, {10, 0.0, {}});
  EXPECT_EQ(zero.iterations, 0U);
  EXPECT_EQ(zero.x, (Vector{3.0, 4.0}));
  matrix.at(0, 0) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(solve(matrix, {1.0, 1.0}, {3.0, 4.0}, {10, 0.0, {}}).iterations, 0U);
}

TEST(ConjugateGradients, RefusesListsOfDifferentLengths) {
  const SmallProblem problem;
  EXPECT_THROW(solve(problem.matrix, problem.rhs, Vector(5), {}), std::invalid_argument);
  const Vector diagonal(5, 1.0);
  EXPECT_THROW(problem.solved({1, 0.0, diagonal}), std::invalid_argument);
}

/// The textbook's loop, on sum_i A_i V B_i = C for a matrix V stored by columns.
struct Sandwich {
  std::vector<Matrix> inner, outer;

  /// Plain loops in long double.
  [[nodiscard]] std::vector<long double> plain(const std::vector<long double>& v) const {
    const std::size_t n = inner[0].rows;
    const std::size_t m = outer[0].rows;
    std::vector<long double> result(n * m, 0.0L);
    for (std::size_t model = 0; model < inner.size(); ++model) {
      for (std::size_t c = 0; c < m; ++c) {
        for (std::size_t i = 0; i < n; ++i) {
          long double sum = 0.0L;
          for (std::size_t j = 0; j < n; ++j) sum += inner[model].at(i, j) * v[c * n + j];
          for (std::size_t k = 0; k < m; ++k) result[k * n + i] += sum * outer[model].at(c, k);
        }
      }
    }
    return result;
  }
  [[nodiscard]] LinearOperator blocked() const {
    return [this](std::span<const double> v, std::span<double> product) {
      const std::size_t n = inner[0].rows;
      const std::size_t m = outer[0].rows;
      std::fill(product.begin(), product.end(), 0.0);
      for (std::size_t model = 0; model < inner.size(); ++model) {
        Matrix once(m, n);
        add_symmetric_product({inner[model].values.data(), n, 0, n, n}, {}, {v.data(), n, m, 1, n},
                              rows_as_columns(once));
        add_symmetric_product({outer[model].values.data(), m, 0, m, m}, {}, own_columns(once),
                              {product.data(), m, n, n, 1});
      }
    };
  }
};

std::vector<long double> textbook(const Sandwich& sandwich, const Vector& rhs, const Vector& start,
                                  int iterations) {
  std::vector<long double> x(start.begin(), start.end());
  const auto dot = [](const auto& a, const auto& b) {
    long double sum = 0.0L;
    for (std::size_t e = 0; e < a.size(); ++e) sum += a[e] * b[e];
    return sum;
  };
  std::vector<long double> r = sandwich.plain(x);
  for (std::size_t e = 0; e < r.size(); ++e) r[e] = rhs[e] - r[e];
  std::vector<long double> p = r;
  for (int k = 0; k < iterations; ++k) {
    const std::vector<long double> q = sandwich.plain(p);
    const long double before = dot(r, r);
    const long double alpha = before / dot(p, q);
    for (std::size_t e = 0; e < r.size(); ++e) {
      x[e] += alpha * p[e];
      r[e] -= alpha * q[e];
    }
    const long double beta = dot(r, r) / before;
    for (std::size_t e = 0; e < r.size(); ++e) p[e] = r[e] + beta * p[e];
  }
  return x;
}

TEST(ConjugateGradients, SolvesAMatrixEquationAsTheTextbookDoes) {
  const std::size_t n = 70;
  const std::size_t m = 30;
  const Sandwich sandwich{{random_positive_definite(n, 1), random_positive_definite(n, 2)},
                          {random_positive_definite(m, 3), random_positive_definite(m, 4)}};
  const Vector rhs = random_matrix(m, n, 5).values;
  const Vector start = random_matrix(m, n, 6).values;
  for (const int iterations : {1, 5, 20}) {
    Vector residual = rhs;
    Vector x = start;
    const ConjugateGradientsResult result = conjugate_gradients(
        sandwich.blocked(), sum_of_products, residual, x, {static_cast<std::uint64_t>(iterations), 0.0, {}});
    EXPECT_EQ(result.iterations, static_cast<std::uint64_t>(iterations));
    const std::vector<long double> expected = textbook(sandwich, rhs, start, iterations);
    for (std::size_t e = 0; e < x.size(); ++e) {
      ASSERT_NEAR(x[e], static_cast<double>(expected[e]), 1e-12) << iterations << " " << e;
    }
  }
}

}  // namespace
}  // namespace stockpot::kernel
