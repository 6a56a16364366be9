#include "stockpot/kernel/input_gram.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <thread>

#include "stockpot/tensor/convert.hpp"
#include "unit/kernel/matrices.hpp"

namespace stockpot::kernel {
namespace {

using test::Matrix;
using test::random_matrix;

InputBlock block_of(const Matrix& inputs) {
  return {DType::f64, reinterpret_cast<const std::byte*>(inputs.values.data()), inputs.rows, inputs.columns,
          inputs.columns};
}

/// The same values, each rounded to `dtype`; the inputs take those values too.
std::vector<std::byte> round_to(DType dtype, Matrix& inputs) {
  std::vector<std::byte> elements(inputs.values.size() * static_cast<std::size_t>(bytes(dtype)));
  for (std::size_t e = 0; e < inputs.values.size(); ++e) {
    store_rounded(dtype, elements.data(), e, inputs.values[e]);
    inputs.values[e] = load_as_double(dtype, elements.data(), e);
  }
  return elements;
}

Matrix gram_of(const InputBlock& block) {
  Matrix gram(block.columns, block.columns);
  add_input_gram(block, {gram.values.data(), 0, block.columns, block.columns});
  return gram;
}

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

void expect_same_triangles(const Matrix& a, const Matrix& b) {
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j <= i; ++j) ASSERT_TRUE(same_bits(a.at(i, j), b.at(i, j))) << i << " " << j;
  }
}

void expect_near_sums(const Matrix& inputs, const Matrix& gram, std::size_t step) {
  for (std::size_t i = 0; i < inputs.columns; i += step) {
    for (std::size_t j = 0; j <= i; j += i < step ? 1 : step) {
      long double sum = 0.0L;
      long double magnitudes = 0.0L;
      for (std::size_t t = 0; t < inputs.rows; ++t) {
        const long double term =
            static_cast<long double>(inputs.at(t, i)) * static_cast<long double>(inputs.at(t, j));
        sum += term;
        magnitudes += std::abs(term);
      }
      const long double bound = 1e-15L * static_cast<long double>(inputs.rows) * magnitudes;
      ASSERT_LE(std::abs(static_cast<long double>(gram.at(i, j)) - sum), bound) << i << " " << j;
    }
  }
}

TEST(InputGram, IsTheSumOfProducts) {
  for (const std::size_t columns : {1U, 2U, 17U, 64U, 100U}) {
    for (const std::size_t rows : {1U, 2U, 33U, 500U}) {
      const Matrix inputs = random_matrix(rows, columns, static_cast<unsigned>(rows + columns));
      expect_near_sums(inputs, gram_of(block_of(inputs)), 1);
    }
  }
}

TEST(InputGram, IsTheSumOfProductsOverManyTiles) {
  const Matrix inputs = random_matrix(20, 4 * gram_tile_rows + 600, 5);
  const Matrix gram = gram_of(block_of(inputs));
  expect_near_sums(inputs, gram, 101);
  EXPECT_EQ(gram.at(3, 4), 0.0) << "above the diagonal";
}

TEST(InputGram, AddsToWhatIsThere) {
  const Matrix inputs = random_matrix(9, 4, 6);
  const Matrix once = gram_of(block_of(inputs));
  Matrix twice = once;
  add_input_gram(block_of(inputs), {twice.values.data(), 0, 4, 4});
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j <= i; ++j) EXPECT_NEAR(twice.at(i, j), 2.0 * once.at(i, j), 1e-13);
  }
}

TEST(InputGram, PanelsHaveTheBitsOfTheWhole) {
  for (const std::size_t columns : {gram_tile_rows + 1, 3 * gram_tile_rows, 5 * gram_tile_rows + 77}) {
    const Matrix inputs = random_matrix(41, columns, 7);
    const Matrix whole = gram_of(block_of(inputs));
    const std::size_t tiles = (columns + gram_tile_rows - 1) / gram_tile_rows;
    for (const std::size_t cut : {std::size_t{1}, tiles / 2, tiles - 1}) {
      const std::size_t row = cut * gram_tile_rows;
      Matrix parts(columns, columns);
      Matrix upper(row, row + 5);  // another stride, and storage of its own
      add_input_gram(block_of(inputs), {upper.values.data(), 0, row, row + 5});
      add_input_gram(block_of(inputs), {&parts.at(row, 0), row, columns, columns});
      for (std::size_t i = 0; i < row; ++i) {
        for (std::size_t j = 0; j <= i; ++j) parts.at(i, j) = upper.at(i, j);
      }
      expect_same_triangles(parts, whole);
    }
  }
}

TEST(InputGram, PanelsOfThreadsHaveTheBitsOfTheWhole) {
  const std::size_t columns = 4 * gram_tile_rows;
  const Matrix inputs = random_matrix(300, columns, 8);
  const Matrix whole = gram_of(block_of(inputs));
  Matrix parts(columns, columns);
  std::vector<std::thread> threads;
  for (std::size_t row = 0; row < columns; row += gram_tile_rows) {
    threads.emplace_back([&, row] {
      add_input_gram(block_of(inputs), {&parts.at(row, 0), row, row + gram_tile_rows, columns});
    });
  }
  for (std::thread& thread : threads) thread.join();
  expect_same_triangles(parts, whole);
}

TEST(InputGram, WidensElementsExactly) {
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    Matrix inputs = random_matrix(30, 4 * gram_tile_rows + 520, 9);
    const std::vector<std::byte> elements = round_to(dtype, inputs);
    const InputBlock block{dtype, elements.data(), inputs.rows, inputs.columns, inputs.columns};
    expect_same_triangles(gram_of(block), gram_of(block_of(inputs)));
  }
}

TEST(InputGram, ReadsUnalignedAndStridedRows) {
  const Matrix inputs = random_matrix(12, 40, 10);
  const Matrix expected = gram_of(block_of(inputs));
  const std::size_t stride = 43;
  std::vector<std::byte> shifted(1 + 12 * stride * sizeof(double),
                                 std::byte{0xff});  // NaN where nothing stands
  for (std::size_t t = 0; t < 12; ++t) {
    std::memcpy(shifted.data() + 1 + t * stride * sizeof(double), &inputs.values[t * 40],
                40 * sizeof(double));
  }
  expect_same_triangles(gram_of({DType::f64, shifted.data() + 1, 12, 40, stride}), expected);
}

TEST(InputGram, OfNothingAddsNothing) {
  Matrix gram(3, 3, 4.0);
  add_input_gram({DType::f32, nullptr, 0, 3, 3}, {gram.values.data(), 0, 3, 3});
  add_input_gram({DType::f32, nullptr, 5, 0, 0}, {gram.values.data(), 0, 0, 0});
  EXPECT_THAT(gram.values, ::testing::Each(4.0));
}

TEST(InputGram, InputsThatNeverOccurHaveZeroRows) {
  Matrix inputs = random_matrix(25, 6, 11);
  for (std::size_t t = 0; t < inputs.rows; ++t) inputs.at(t, 3) = 0.0;
  const Matrix gram = gram_of(block_of(inputs));
  for (std::size_t j = 0; j < 6; ++j)
    EXPECT_EQ(gram.at(std::max<std::size_t>(3, j), std::min<std::size_t>(3, j)), 0.0);
}

TEST(InputGram, RefusesPanelsOffTheTiles) {
  const Matrix inputs = random_matrix(2, 2 * gram_tile_rows, 12);
  Matrix gram(inputs.columns, inputs.columns);
  const InputBlock block = block_of(inputs);
  EXPECT_THROW(add_input_gram(block, {gram.values.data(), 1, gram_tile_rows, inputs.columns}),
               std::invalid_argument);
  EXPECT_THROW(add_input_gram(block, {gram.values.data(), 0, 100, inputs.columns}), std::invalid_argument);
  EXPECT_THROW(add_input_gram(block, {gram.values.data(), 0, 3 * gram_tile_rows, 3 * gram_tile_rows}),
               std::invalid_argument);
  EXPECT_THROW(add_input_gram(block, {gram.values.data(), 0, inputs.columns, gram_tile_rows}),
               std::invalid_argument);
  InputBlock integers = block;
  integers.dtype = DType::i16;
  EXPECT_THROW(add_input_gram(integers, {gram.values.data(), 0, inputs.columns, inputs.columns}),
               std::invalid_argument);
}

TEST(InputGram, WorkspaceGrowsWithTheRowsOnly) {
  EXPECT_EQ(input_gram_workspace_bytes(DType::f64, 1000), 0U);
  EXPECT_EQ(input_gram_workspace_bytes(DType::f32, 1000), 1000 * 5 * gram_tile_rows * sizeof(double));
}

}  // namespace
}  // namespace stockpot::kernel
