#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "method_driver.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::method {
namespace {

using Values = std::vector<double>;
using testing::ElementsAre;
using testing::HasSubstr;

MethodRun sce(std::vector<Values> models, Values anchor, double select_topk, double epsilon = 1e-6) {
  MethodRun run{.method = *find_method("sce"), .input_dtype = DType::f64, .output_dtype = DType::f64};
  run.models = std::move(models);
  run.anchor = std::move(anchor);
  run.values.shared = {{"select_topk", select_topk}, {"epsilon", epsilon}};
  return run;
}

/// Positions of the largest variances by sorting all of them: lowest index first among equals.
std::vector<bool> most_varying(const std::vector<Values>& deltas, double share) {
  const std::size_t count = deltas[0].size();
  const auto models = static_cast<double>(deltas.size());
  Values variance(count);
  for (std::size_t e = 0; e < count; ++e) {
    double mean = 0.0;
    for (const Values& d : deltas) mean += d[e];
    mean /= models;
    for (const Values& d : deltas) variance[e] += (d[e] - mean) * (d[e] - mean);
    variance[e] /= models;
  }
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return variance[a] > variance[b]; });
  const auto varying =
      static_cast<double>(std::count_if(variance.begin(), variance.end(), [](double v) { return v != 0.0; }));
  std::vector<bool> chosen(count, false);
  for (std::size_t i = 0; i < static_cast<std::size_t>(varying * share); ++i) chosen[order[i]] = true;
  return chosen;
}

/// SCE from its description, on a base model of zeros.
Values merged(const std::vector<Values>& deltas, const std::vector<bool>& chosen) {
  Values weights;
  double total = 0.0;
  for (const Values& d : deltas) {
    double energy = 0.0;
    for (std::size_t e = 0; e < d.size(); ++e) energy += chosen[e] ? d[e] * d[e] : 0.0;
    weights.push_back(energy / static_cast<double>(d.size()));
    total += weights.back();
  }
  for (double& weight : weights) weight /= total;
  Values out(chosen.size(), 0.0);
  for (std::size_t e = 0; e < chosen.size(); ++e) {
    if (!chosen[e]) continue;
    double votes = 0.0;
    for (const Values& d : deltas) votes += d[e];
    double sum = 0.0;
    double divisor = 0.0;
    for (std::size_t i = 0; i < deltas.size(); ++i) {
      if (deltas[i][e] == 0.0 || (deltas[i][e] > 0.0) != (votes >= 0.0)) continue;
      sum += weights[i] * deltas[i][e];
      divisor += weights[i];
    }
    if (divisor != 0.0) out[e] = sum / divisor;
  }
  return out;
}

TEST(Sce, SelectsByVarianceWithTiesAtTheLowestPositions) {
  // Few distinct values: squares sum exactly and nearly every variance is a tie.
  std::mt19937_64 generator(31);
  for (const std::size_t count : {1U, 99U, 4096U, 9001U}) {
    for (const double share : {0.001, 0.25, 0.5, 0.9, 0.999}) {
      std::vector<Values> deltas(3, Values(count));
      for (Values& d : deltas) {
        for (double& value : d) value = static_cast<double>(generator() % 5) * 0.5 - 1.0;
      }
      const std::vector<bool> chosen = most_varying(deltas, share);
      const MethodRun run = sce(deltas, Values(count, 0.0), share);
      if (std::find(chosen.begin(), chosen.end(), true) == chosen.end()) {
        EXPECT_EQ(result(run), Values(count, 0.0)) << count << " " << share;
        continue;
      }
      const auto expected = MethodRun::store(DType::f64, merged(deltas, chosen));
      EXPECT_TRUE(run.run() == expected) << count << " " << share;
      EXPECT_TRUE(run.run({count / 3, count / 2}) == expected) << count << " " << share;
    }
  }
}

TEST(Sce, SelectingAllKeepsPositionsWithoutVariance) {
  // Equal changes have no variance: with 1 they are merged, below 1 they never are.
  const std::vector<Values> models{{1.0, 2.0}, {1.0, 4.0}};
  EXPECT_THAT(result(sce(models, {0.0, 0.0}, 1.0)),
              ElementsAre(1.0, testing::DoubleEq((5.0 * 2.0 + 17.0 * 4.0) / 22.0)));
  EXPECT_EQ(result(sce(models, {0.0, 0.0}, 0.999)), Values({0.0, 0.0}));
}

TEST(Sce, SelectingNothingGivesTheBaseModel) {
  const std::vector<Values> models{{1.0, -2.0}, {3.0, 4.0}};
  EXPECT_EQ(result(sce(models, {0.5, 0.25}, 0.0)), Values({0.5, 0.25}));
}

TEST(Sce, OneModelHasNoVariance) {
  EXPECT_EQ(result(sce({{1.0, -2.0}}, {0.5, 0.25}, 0.9)), Values({0.5, 0.25}));
  EXPECT_EQ(result(sce({{1.0, -2.0}}, {0.5, 0.25}, 1.0)), Values({1.0, -2.0}));
}

TEST(Sce, EqualModelsKeepTheBasesVeryBits) {
  const Values base{-0.0, 0.1, -3.5};
  const std::vector<std::byte> bytes = sce({base, base}, base, 1.0).run();
  EXPECT_TRUE(bytes == MethodRun::store(DType::f64, base)) << "-0 must stay -0";
}

TEST(Sce, SmallChangesWeighTheSameUnlessEpsilonSaysOtherwise) {
  // Mean squares of 1e-4 are below 1e-6: mergekit's rule makes the weights equal, the paper has no such rule.
  const std::vector<Values> models{Values(99, 0x1p-13), Values(99, 0x1p-12)};
  const Values base(99, 0.0);
  EXPECT_EQ(result(sce(models, base, 1.0)), Values(99, (0.5 * 0x1p-13 + 0.5 * 0x1p-12) / 1.0));
  EXPECT_EQ(result(sce(models, base, 1.0, 0.0)), Values(99, 0.2 * 0x1p-13 + 0.8 * 0x1p-12));
}

TEST(Sce, OfOppositeVectorsThePositiveEntriesStay) {
  const std::vector<Values> models{{1.0, -2.0, 3.0}, {-1.0, 2.0, -3.0}};
  EXPECT_EQ(result(sce(models, {0.0, 0.0, 0.0}, 1.0)), Values({1.0, 2.0, 3.0}));
}

TEST(Sce, RowsOfLengthOneAreNothingSpecial) {
  MethodRun run = sce({{1.0, 2.0, 3.0, 4.0}, {2.0, 2.0, 2.0, -8.0}}, {0.0, 0.0, 0.0, 0.0}, 0.5);
  const auto flat = run.run();
  run.shape = {4, 1};
  EXPECT_TRUE(run.run() == flat);
}

TEST(Sce, EnergiesThatAreNotFiniteAreRefused) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {infinity, std::numeric_limits<double>::quiet_NaN(), 1e200}) {
    try {
      static_cast<void>(sce({{bad, 1.0}, {2.0, 1.0}}, {0.0, 0.0}, 1.0).run());
      ADD_FAILURE() << "accepted " << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::input);
      EXPECT_THAT(error.what(), HasSubstr("model.layers.0.weight"));
    }
  }
}

TEST(Sce, AllTensorsOfAScopeShareTheShareSelected) {
  ScopeContext scope;
  scope.kind = recipe::Scope::model;
  scope.name = "model";
  scope.tensors = {sce({{1.0}, {2.0}}, {0.0}, 0.5).context(), sce({{1.0}, {2.0}}, {0.0}, 0.25).context()};
  EXPECT_THROW(find_method("sce")->survey(scope), Error);
}

}  // namespace
}  // namespace stockpot::method
