#include "stockpot/kernel/linear_algebra.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <utility>
#include <vector>

#include "unit/kernel/matrices.hpp"

namespace stockpot::kernel {
namespace {

TEST(LinearAlgebra, NamesItsLibrary) {
  EXPECT_THAT(linear_algebra_library(),
              ::testing::AnyOf(::testing::MatchesRegex("OpenBLAS [0-9.a-z]+"), "BLAS"));
}

TEST(LinearAlgebra, AddsTheProductOfMatricesStoredByRows) {
  const test::Matrix a = test::random_matrix(20, 20, 1);
  const test::Matrix b = test::random_matrix(20, 20, 2);
  test::Matrix c(20, 20, 0.5);
  add_matrix_product(a.values.data(), b.values.data(), c.values.data(), 20);
  for (std::size_t i = 0; i < 20; ++i) {
    for (std::size_t j = 0; j < 20; ++j) {
      long double sum = 0.5L;
      for (std::size_t k = 0; k < 20; ++k) sum += static_cast<long double>(a.at(i, k)) * b.at(k, j);
      EXPECT_NEAR(c.at(i, j), static_cast<double>(sum), 1e-13) << i << " " << j;
    }
  }
}

TEST(LinearAlgebra, GivesEachOfManyCallersAtATimeItsOwnResult) {
  constexpr std::size_t order = 96;
  constexpr int callers = 6;
  constexpr int calls = 3000;
  std::vector<int> wrong(callers, 0);
  std::vector<std::jthread> threads;
  for (int caller = 0; caller < callers; ++caller) {
    const auto seed = static_cast<unsigned>(caller);
    test::Matrix a = test::random_matrix(order, order, 2 * seed + 1);
    test::Matrix b = test::random_matrix(order, order, 2 * seed + 2);
    test::Matrix expected(order, order, 0.0);
    add_matrix_product(a.values.data(), b.values.data(), expected.values.data(), order);
    threads.emplace_back([a = std::move(a), b = std::move(b), expected = std::move(expected),
                          &count = wrong[static_cast<std::size_t>(caller)]] {
      for (int call = 0; call < calls; ++call) {
        test::Matrix c(order, order, 0.0);
        add_matrix_product(a.values.data(), b.values.data(), c.values.data(), order);
        if (c.values != expected.values) ++count;
      }
    });
  }
  threads.clear();
  EXPECT_THAT(wrong, ::testing::Each(0));
}

}  // namespace
}  // namespace stockpot::kernel
