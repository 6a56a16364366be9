#include "stockpot/kernel/triangle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "unit/kernel/matrices.hpp"

namespace stockpot::kernel {
namespace {

using test::Matrix;
using test::random_matrix;
using ::testing::ElementsAre;

TEST(Triangle, IsPackedRowByRow) {
  std::vector<double> matrix = {1, -1, -1, -1, 2, 3, -1, -1, 4, 5, 6, -1};
  std::vector<double> packed(6);
  pack_triangle({matrix.data(), 0, 3, 4}, packed);
  EXPECT_THAT(packed, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(Triangle, PanelsArePartsOfThePackedTriangle) {
  Matrix matrix = random_matrix(7, 7, 1);
  std::vector<double> whole(packed_size(0, 7));
  pack_triangle({matrix.values.data(), 0, 7, 7}, whole);
  for (std::size_t first = 0; first <= 7; ++first) {
    for (std::size_t end = first; end <= 7; ++end) {
      std::vector<double> part(packed_size(first, end));
      pack_triangle({matrix.values.data() + first * 7, first, end, 7}, part);
      const auto begin = whole.begin() + static_cast<std::ptrdiff_t>(packed_size(0, first));
      EXPECT_THAT(part, ::testing::ElementsAreArray(begin, begin + static_cast<std::ptrdiff_t>(part.size())));
    }
  }
}

TEST(Triangle, UnpacksWhatWasPackedAndNothingElse) {
  const Matrix matrix = random_matrix(5, 5, 2);
  Matrix source = matrix;
  std::vector<double> packed(packed_size(2, 5));
  pack_triangle({&source.at(2, 0), 2, 5, 5}, packed);
  Matrix target(5, 5, -7.0);
  unpack_triangle(packed, {&target.at(2, 0), 2, 5, 5});
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = 0; j < 5; ++j) {
      EXPECT_EQ(target.at(i, j), i >= 2 && j <= i ? matrix.at(i, j) : -7.0) << i << " " << j;
    }
  }
}

TEST(Triangle, RefusesAnotherNumberOfValues) {
  std::vector<double> matrix(9);
  std::vector<double> packed(5);
  EXPECT_THROW(pack_triangle({matrix.data(), 0, 3, 3}, packed), std::invalid_argument);
  EXPECT_THROW(unpack_triangle(packed, {matrix.data(), 0, 3, 3}), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(packed_size(2, 1)), std::invalid_argument);
}

TEST(Triangle, SymmetriseCopiesTheLowerOne) {
  for (const std::size_t order : {0U, 1U, 2U, 63U, 64U, 65U, 200U}) {
    const Matrix matrix = random_matrix(order, order + 3, 3);
    Matrix result = matrix;
    symmetrise(result.values.data(), order, order + 3);
    for (std::size_t i = 0; i < order; ++i) {
      for (std::size_t j = 0; j < order; ++j) {
        ASSERT_EQ(result.at(i, j), i < j ? matrix.at(j, i) : matrix.at(i, j)) << i << " " << j;
      }
      for (std::size_t j = order; j < order + 3; ++j) ASSERT_EQ(result.at(i, j), matrix.at(i, j));
    }
  }
  EXPECT_THROW(symmetrise(nullptr, 3, 2), std::invalid_argument);
}

}  // namespace
}  // namespace stockpot::kernel
