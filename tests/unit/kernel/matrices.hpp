#pragma once

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "stockpot/kernel/columns_view.hpp"

namespace stockpot::kernel::test {

/// Stored row by row.
struct Matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;

  Matrix(std::size_t row_count, std::size_t column_count, double value = 0.0)
      : rows(row_count), columns(column_count), values(row_count * column_count, value) {}

  double& at(std::size_t i, std::size_t j) { return values[i * columns + j]; }
  [[nodiscard]] double at(std::size_t i, std::size_t j) const { return values[i * columns + j]; }
};

/// Normal numbers.
inline Matrix random_matrix(std::size_t rows, std::size_t columns, unsigned seed) {
  Matrix matrix(rows, columns);
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> values;
  for (double& value : matrix.values) value = values(generator);
  return matrix;
}

/// Symmetric, with eigenvalues of a size: entries fall off from a dominant diagonal.
inline Matrix random_positive_definite(std::size_t order, unsigned seed) {
  Matrix matrix = random_matrix(order, order, seed);
  for (std::size_t i = 0; i < order; ++i) {
    for (std::size_t j = 0; j < i; ++j) matrix.at(j, i) = matrix.at(i, j);
    matrix.at(i, i) = 3.0 * std::sqrt(static_cast<double>(order)) + std::abs(matrix.at(i, i));
  }
  return matrix;
}

/// The rows of a matrix as the columns of an unknown, as those of a weight are, or its own columns.
inline Columns rows_as_columns(Matrix& matrix) {
  return {matrix.values.data(), matrix.columns, matrix.rows, 1, matrix.columns};
}
inline Columns own_columns(Matrix& matrix) {
  return {matrix.values.data(), matrix.rows, matrix.columns, matrix.columns, 1};
}

inline Matrix transposed(const Matrix& matrix) {
  Matrix result(matrix.columns, matrix.rows);
  for (std::size_t i = 0; i < matrix.rows; ++i) {
    for (std::size_t j = 0; j < matrix.columns; ++j) result.at(j, i) = matrix.at(i, j);
  }
  return result;
}

}  // namespace stockpot::kernel::test
