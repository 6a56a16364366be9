#include "stockpot/kernel/panel_cholesky.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "stockpot/kernel/cholesky.hpp"
#include "unit/kernel/matrices.hpp"

namespace stockpot::kernel {
namespace {

using test::Matrix;
using test::random_matrix;
using test::random_positive_definite;
using test::rows_as_columns;

class MemoryStore : public PanelStore {
 public:
  void read(std::size_t panel, std::span<double> values) override {
    const std::vector<double>& held = panels_.at(panel);
    ASSERT_EQ(values.size(), held.size());
    std::copy(held.begin(), held.end(), values.begin());
  }
  void write(std::size_t panel, std::span<const double> values) override {
    panels_[panel] = {values.begin(), values.end()};
  }

 private:
  std::map<std::size_t, std::vector<double>> panels_;
};

/// The lower triangle; above the diagonal something else.
void store_lower(const Matrix& matrix, const PanelCut& cut, PanelStore& store) {
  for (std::size_t p = 0; p < cut.count(); ++p) {
    std::vector<double> values(cut.values(p), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = cut.first(p); i < cut.end(p); ++i) {
      for (std::size_t k = 0; k <= i; ++k) values[(i - cut.first(p)) * cut.end(p) + k] = matrix.at(i, k);
    }
    store.write(p, values);
  }
}

TEST(PanelCholesky, CutsAllRows) {
  const PanelCut cut{2500, 1024};
  EXPECT_EQ(cut.count(), 3U);
  EXPECT_EQ(cut.first(2), 2048U);
  EXPECT_EQ(cut.end(2), 2500U);
  EXPECT_EQ(cut.values(1), 1024U * 2048U);
  EXPECT_EQ((PanelCut{0, 1024}).count(), 0U);
  EXPECT_EQ((PanelCut{1024, 1024}).count(), 1U);
}

TEST(PanelCholesky, SolvesAsTheWholeFactorDoes) {
  for (const std::size_t order : {1U, 63U, 64U, 200U, 321U}) {
    for (const std::size_t rows : {64U, 100U, 1024U}) {
      SCOPED_TRACE(testing::Message() << order << " in panels of " << rows);
      const Matrix matrix = random_positive_definite(order, 3);
      const Matrix rhs = random_matrix(130, order, 4);
      Matrix expected = rhs;
      Matrix factor = matrix;
      ASSERT_EQ(factor_cholesky(factor.values.data(), order, order), std::nullopt);
      solve_cholesky(factor.values.data(), order, order, rows_as_columns(expected));

      const PanelCut cut{order, rows};
      MemoryStore store;
      store_lower(matrix, cut, store);
      ASSERT_EQ(factor_panels(cut, store), std::nullopt);
      Matrix found = rhs;
      const std::vector<Columns> lists{rows_as_columns(found)};
      solve_panels(cut, store, lists);
      double largest = 0.0;
      for (const double value : expected.values) largest = std::max(largest, std::fabs(value));
      for (std::size_t e = 0; e < found.values.size(); ++e) {
        ASSERT_NEAR(found.values[e], expected.values[e], 1e-11 * largest) << e;
      }
    }
  }
}

TEST(PanelCholesky, BitsDoNotDependOnOtherColumns) {
  const std::size_t order = 150;
  const PanelCut cut{order, 64};
  MemoryStore store;
  store_lower(random_positive_definite(order, 5), cut, store);
  ASSERT_EQ(factor_panels(cut, store), std::nullopt);
  const Matrix rhs = random_matrix(192, order, 6);
  Matrix together = rhs;
  const std::vector<Columns> whole{rows_as_columns(together)};
  solve_panels(cut, store, whole);
  Matrix apart = rhs;
  const Columns all = rows_as_columns(apart);
  const std::vector<Columns> lists{{all.column(64), order, 128, 1, order}, {all.data, order, 64, 1, order}};
  solve_panels(cut, store, lists);
  EXPECT_EQ(together.values, apart.values);
}

TEST(PanelCholesky, SolvesColumnsThatLieAcross) {
  const std::size_t order = 90;
  const PanelCut cut{order, 64};
  MemoryStore store;
  store_lower(random_positive_definite(order, 7), cut, store);
  ASSERT_EQ(factor_panels(cut, store), std::nullopt);
  Matrix rows = random_matrix(70, order, 8);
  Matrix across = test::transposed(rows);
  const std::vector<Columns> own{rows_as_columns(rows)};
  solve_panels(cut, store, own);
  const std::vector<Columns> other{{across.values.data(), order, 70, 70, 1}};
  solve_panels(cut, store, other);
  EXPECT_EQ(test::transposed(across).values, rows.values);
}

TEST(PanelCholesky, NamesTheFirstRowThatDependsOnThoseBefore) {
  const std::size_t order = 150;
  Matrix matrix = random_positive_definite(order, 9);
  for (std::size_t k = 0; k < order; ++k) matrix.values[100 * order + k] = matrix.at(30, k);
  for (std::size_t k = 0; k < order; ++k) matrix.values[k * order + 100] = matrix.at(k, 30);
  matrix.values[100 * order + 100] = matrix.at(30, 30);
  const PanelCut cut{order, 64};
  MemoryStore store;
  store_lower(matrix, cut, store);
  EXPECT_EQ(factor_panels(cut, store), 100U);
  matrix.values[100 * order + 100] = std::numeric_limits<double>::quiet_NaN();
  store_lower(matrix, cut, store);
  EXPECT_EQ(factor_panels(cut, store), 100U);
}

}  // namespace
}  // namespace stockpot::kernel
