#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "edge_runs.hpp"
#include "stockpot/base/error.hpp"

/// What methods make of parameters at their ends: a stated result or one clear error.
namespace stockpot::method {
namespace {

/// Parameters at the ends of what they may be, on task vectors (1, -2, 3) and (2, 4, -1).
struct ParameterEdge {
  std::string name;
  std::vector<std::string> methods;
  std::map<std::string, Values> per_model;
  std::map<std::string, double> shared;
  Values expected;  ///< beyond the base model
  recipe::Semantics semantics = recipe::Semantics::mergekit;

  friend void PrintTo(const ParameterEdge& edge, std::ostream* out) { *out << edge.name; }
};

const std::vector<std::string> summing{"task_arithmetic", "dare_linear", "breadcrumbs", "della_linear"};
const std::vector<std::string> electing{"ties", "dare_ties", "breadcrumbs_ties", "della"};
const std::vector<std::string> thinning{
    "ties", "dare_linear", "dare_ties", "breadcrumbs", "breadcrumbs_ties", "della_linear", "della"};
constexpr auto paper = recipe::Semantics::paper;

class ParameterEdges : public testing::TestWithParam<ParameterEdge> {};

TEST_P(ParameterEdges, HaveAStatedResult) {
  for (const std::string& method : GetParam().methods) {
    SCOPED_TRACE(method);
    const Values base{0.5, -0.0, 8.0};
    std::vector<Values> models{{1.0, -2.0, 3.0}, {2.0, 4.0, -1.0}};
    for (Values& model : models) {
      for (std::size_t e = 0; e < base.size(); ++e) model[e] += base[e];
    }
    MethodRun run = run_of(method, models, base);
    run.semantics = GetParam().semantics;
    for (const auto& [parameter, values] : GetParam().per_model) {
      run.values.per_model[parameter] = {values[0], values[1]};
    }
    for (const auto& [parameter, value] : GetParam().shared) run.values.shared[parameter] = value;
    Values expected = base;
    for (std::size_t e = 0; e < base.size(); ++e) {
      if (GetParam().expected[e] != 0.0) expected[e] += GetParam().expected[e];
    }
    const std::vector<std::byte> result = run.run();
    EXPECT_EQ(MethodRun::load(DType::f64, result), expected);
    if (GetParam().name.starts_with("density_0") && GetParam().expected == Values(3, 0.0)) {
      EXPECT_TRUE(result == MethodRun::store(DType::f64, expected)) << "every bit of the base model, -0 too";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, ParameterEdges,
    testing::Values(
        ParameterEdge{"density_0", thinning, {{"density", {0.0, 0.0}}}, {}, {0.0, 0.0, 0.0}},
        ParameterEdge{"density_0_of_the_paper", thinning, {{"density", {0.0, 0.0}}}, {}, {0, 0, 0}, paper},
        ParameterEdge{"density_0_rescaled",
                      thinning,
                      {{"density", {0.0, 0.0}}},
                      {{"rescale", 1.0}, {"normalize", 1.0}},
                      {0.0, 0.0, 0.0}},
        ParameterEdge{"density_0_of_one",
                      {"dare_linear", "breadcrumbs", "della_linear"},
                      {{"density", {0.0, 1.0}}},
                      {},
                      {2.0, 4.0, -1.0}},
        ParameterEdge{"density_1_summed", summing, {}, {{"normalize", 0.0}}, {3.0, 2.0, 2.0}},
        ParameterEdge{"density_1_summed_paper", summing, {}, {{"normalize", 0.0}}, {3.0, 2.0, 2.0}, paper},
        ParameterEdge{"density_1_elected", electing, {}, {{"normalize", 0.0}}, {3.0, 4.0, 3.0}},
        ParameterEdge{"density_1_elected_mean", electing, {}, {{"normalize", 1.0}}, {1.5, 4.0, 3.0}},
        ParameterEdge{"density_1_elected_paper", electing, {}, {{"normalize", 1.0}}, {1.5, 4.0, 3.0}, paper},
        ParameterEdge{
            "density_1_rescaled", electing, {}, {{"normalize", 0.0}, {"rescale", 1.0}}, {3.0, 4.0, 3.0}},
        ParameterEdge{
            "negative_weight", summing, {{"weight", {1.0, -0.5}}}, {{"normalize", 0.0}}, {0.0, -4.0, 3.5}},
        ParameterEdge{"negative_weight_mean",
                      summing,
                      {{"weight", {1.0, -0.5}}},
                      {{"normalize", 1.0}},
                      {0.0, -8.0, 7.0}},
        ParameterEdge{"negative_weight_elected",
                      electing,
                      {{"weight", {1.0, -0.5}}},
                      {{"normalize", 0.0}},
                      {1.0, -4.0, 3.5}},
        ParameterEdge{"negative_weights_elected_mean",
                      electing,
                      {{"weight", {-1.0, -1.0}}},
                      {{"normalize", 1.0}},
                      {1.5, 4.0, 3.0}},
        // A sum of weights that is zero divides by 1.
        ParameterEdge{
            "zero_sum", summing, {{"weight", {1.0, -1.0}}}, {{"normalize", 1.0}}, {-1.0, -6.0, 4.0}},
        ParameterEdge{
            "zero_sum_raw", summing, {{"weight", {1.0, -1.0}}}, {{"normalize", 0.0}}, {-1.0, -6.0, 4.0}},
        ParameterEdge{
            "zero_sum_elected", electing, {{"weight", {1.0, -1.0}}}, {{"normalize", 1.0}}, {2.0, -6.0, 4.0}},
        ParameterEdge{"zero_sum_elected_raw",
                      electing,
                      {{"weight", {1.0, -1.0}}},
                      {{"normalize", 0.0}},
                      {-2.0, -6.0, 4.0}},
        ParameterEdge{
            "all_weights_0", summing, {{"weight", {0.0, 0.0}}}, {{"normalize", 1.0}}, {0.0, 0.0, 0.0}},
        ParameterEdge{
            "all_weights_0_elected", electing, {{"weight", {0.0, 0.0}}}, {{"normalize", 1.0}}, {0, 0, 0}}),
    [](const auto& test_info) { return test_info.param.name; });

TEST(WeightsThatSumToZero, AreRefusedWhereTheyWouldBeNormalised) {
  const std::map<std::string, std::string> way_out{{"linear", "set normalize: false"},
                                                   {"multislerp", "set normalize_weights: false"}};
  for (const auto& [method, hint] : way_out) {
    for (const double weight : {1.0, 0.0}) {
      MethodRun run = run_of(method, {{3.0, 0.0}, {0.0, 4.0}}, {});
      run.values.per_model["weight"] = {weight, -weight};
      EXPECT_THAT(refusal_of(run), testing::HasSubstr("sum to zero"));
      EXPECT_THAT(refusal_of(run), testing::HasSubstr(hint));
    }
  }
}

TEST(WeightsThatSumToZero, AreTakenAsTheyAreElsewhere) {
  const std::vector<Values> models{{3.0, 0.0}, {0.0, 4.0}};
  const double right = std::sqrt(0.5);
  MethodRun linear = run_of("linear", models, {});
  linear.values.per_model["weight"] = {1.0, -1.0};
  linear.values.shared["normalize"] = 0.0;
  expect_result(linear, {3.0, -4.0});
  // The direction of u - v, as long as 3 - 4.
  MethodRun multislerp = run_of("multislerp", models, {});
  multislerp.values.per_model["weight"] = {1.0, -1.0};
  multislerp.values.shared["normalize_weights"] = 0.0;
  expect_result(multislerp, {-right, right});
  // Half the way, as mergekit has it.
  for (const double weight : {1.0, 0.0}) {
    MethodRun nuslerp = run_of("nuslerp", models, {});
    nuslerp.values.per_model["weight"] = {weight, -weight};
    expect_result(nuslerp, {3.0 * right, 4.0 * right});
  }
}

TEST(NegativeWeights, GoBeyondTheOtherModel) {
  const std::vector<Values> models{{3.0, 0.0}, {0.0, 4.0}};
  MethodRun nuslerp = run_of("nuslerp", models, {});
  nuslerp.values.per_model["weight"] = {2.0, -1.0};  // t = -1: a right angle back from the first
  expect_result(nuslerp, {0.0, -4.0});
  MethodRun linear = run_of("linear", models, {});
  linear.values.per_model["weight"] = {2.0, -1.0};
  expect_result(linear, {6.0, -4.0});
  MethodRun multislerp = run_of("multislerp", models, {});
  multislerp.values.per_model["weight"] = {2.0, -1.0};  // as long as 2 * 3 - 4
  expect_result(multislerp, {2.0 * 2.0 / std::sqrt(5.0), -2.0 / std::sqrt(5.0)});
}

}  // namespace
}  // namespace stockpot::method
