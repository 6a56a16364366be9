#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "edge_runs.hpp"

/// What every method makes of awkward tensors.
namespace stockpot::method {
namespace {

/// Two models and a base model, and what each method makes of them with weights of 1, density 1 and t = 0.5.
struct Edge {
  std::vector<Values> models;
  Values anchor;
  std::map<std::string, Values> expected;
};

class EdgesOf : public testing::TestWithParam<const Method*> {
 protected:
  [[nodiscard]] std::string method() const { return GetParam()->schema().name; }
  void expect_edge(const Edge& edge) const {
    const auto expected = edge.expected.find(method());
    ASSERT_NE(expected, edge.expected.end()) << "say what " << method() << " makes of this";
    expect_result(run_of(method(), edge.models, edge.anchor), expected->second);
  }
};

TEST_P(EdgesOf, TensorsOfAnySizeAndRowsOfOneElement) {
  // 3 and 5 on a base model of 1, everywhere.
  static const std::map<std::string, double> expected{
      {"linear", 4.0},           {"uniform_soup", 4.0}, {"weighted", 4.0},       {"passthrough", 3.0},
      {"task_arithmetic", 7.0},  {"slerp", 2.0},        {"nuslerp", 4.0},        {"multislerp", 4.0},
      {"karcher", 4.0},          {"mlerp", 4.0},        {"model_stock", 4.0},    {"ties", 4.0},
      {"dare_linear", 7.0},      {"dare_ties", 7.0},    {"breadcrumbs", 7.0},    {"della_linear", 7.0},
      {"breadcrumbs_ties", 7.0}, {"della", 4.0},        {"sce", 1.0 + 18 / 5.0}, {"ram", 4.0},
      {"ramplus_tl", 4.0},       {"nearswap", 1.5},     {"arcee_fusion", 3.0},   {"fisher", 4.0},
      {"regmean", 4.0},          {"mats", 4.0},
  };
  ASSERT_TRUE(expected.contains(method())) << "say what " << method() << " makes of this";
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{99}, Shape{99, 1}, Shape{1, 99}, Shape{9, 11}}) {
    SCOPED_TRACE(testing::PrintToString(shape));
    const std::uint64_t elements = element_count(shape).value();
    MethodRun run = run_of(method(), {Values(elements, 3.0), Values(elements, 5.0)}, Values(elements, 1.0));
    run.shape = shape;
    expect_result(run, Values(elements, expected.at(method())));
    for (const recipe::ParameterSpec& parameter : GetParam()->schema().parameters) {
      // A line of its own for each row or column changes nothing where all are alike.
      if (parameter.name != "filter_wise" && !parameter.name.starts_with("nuslerp_")) continue;
      run.values.shared[parameter.name] = 1.0 - run.values.shared[parameter.name];
      expect_result(run, Values(elements, expected.at(method())));
    }
  }
}

TEST_P(EdgesOf, TensorsOfZeros) {
  for (const Shape& shape : {Shape{1}, Shape{5, 1}, Shape{9, 11}}) {
    const std::uint64_t elements = element_count(shape).value();
    const Values zeros(elements, 0.0);
    MethodRun run = run_of(method(), {zeros, zeros, zeros}, zeros);
    run.shape = shape;
    expect_result(run, zeros);
  }
}

TEST_P(EdgesOf, OneVectorOfZeros) {
  // Beside (3, -4), which with a base model of zeros is a task vector. Where cosines are those of a zero
  // vector (0: a right angle) half the way is sin(45 degrees).
  const double right = std::sqrt(0.5);
  static const Values whole{3.0, -4.0};
  static const Values half{1.5, -2.0};
  static const Values nothing{0.0, 0.0};
  expect_edge({{{3.0, -4.0}, {0.0, 0.0}},
               nothing,
               {{"linear", half},
                {"uniform_soup", half},
                {"weighted", half},
                {"passthrough", whole},
                {"task_arithmetic", whole},
                {"slerp", {3.0 * right, -4.0 * right}},
                {"nuslerp", {3.0 * right, -4.0 * right}},
                {"multislerp", half},
                {"karcher", half},
                {"mlerp", half},
                {"model_stock", nothing},
                {"ties", whole},
                {"dare_linear", whole},
                {"dare_ties", whole},
                {"breadcrumbs", whole},
                {"breadcrumbs_ties", whole},
                {"della", whole},
                {"della_linear", whole},
                {"sce", whole},
                {"ram", whole},
                {"ramplus_tl", whole},
                {"nearswap", {0.5 / 3.0 * 3.0, 0.5 / 4.0 * -4.0}},
                {"arcee_fusion", whole},
                {"fisher", half},
                {"regmean", half},
                {"mats", half}}});
}

TEST_P(EdgesOf, OppositeModels) {
  // The base model is zero, and for methods of one more model the opposite one is the base model.
  static const Values first{3.0, -4.0};
  static const Values opposite{-3.0, 4.0};
  static const Values nothing{0.0, 0.0};
  static const Values positive{3.0, 4.0};  // of two that cancel the positive sign is elected
  const bool one = ingredients(GetParam()->schema()) == 1;
  expect_edge({{first, opposite},
               one ? opposite : nothing,
               {{"linear", nothing},
                {"uniform_soup", nothing},
                {"weighted", nothing},
                {"passthrough", first},
                {"task_arithmetic", nothing},
                {"slerp", nothing},
                {"nuslerp", nothing},
                {"multislerp", nothing},
                {"karcher", first},
                {"mlerp", nothing},
                {"model_stock", nothing},
                {"ties", positive},
                {"dare_linear", nothing},
                {"dare_ties", positive},
                {"breadcrumbs", nothing},
                {"breadcrumbs_ties", positive},
                {"della", positive},
                {"della_linear", nothing},
                {"sce", positive},
                {"ram", nothing},
                {"ramplus_tl", nothing},
                {"nearswap", {-3.0 + 0.5 / 6.0 * 6.0, 4.0 - 0.5 / 8.0 * 8.0}},
                {"arcee_fusion", first},
                {"fisher", nothing},
                {"regmean", nothing},
                {"mats", nothing}}});
}

TEST_P(EdgesOf, TaskVectorsOfEqualMagnitudes) {
  // With half of the entries dropped, where that is a choice by magnitude, those at the lowest positions
  // stay.
  if (!run_of(method(), {{1.0}}, {0.0}).values.per_model.contains("density")) return;
  const Values changes{2.0, -2.0, 2.0, 2.0};
  MethodRun run = run_of(method(), {changes, changes}, Values(4, 0.0));
  run.values.per_model["density"].assign(2, 0.5);
  if (method().starts_with("breadcrumbs")) run.values.per_model["gamma"].assign(2, 0.0);
  run.values.shared["normalize"] = 0.0;
  if (method() == "ties" || method().starts_with("breadcrumbs")) {
    expect_result(run, {4.0, -4.0, 0.0, 0.0});
    return;
  }
  for (const bool rescales : {false, true}) {
    run.values.shared["rescale"] = rescales ? 1.0 : 0.0;
    const Values result = MethodRun::load(DType::f64, run.run());
    for (std::size_t e = 0; e < result.size(); ++e) {
      EXPECT_TRUE(std::isfinite(result[e]) && result[e] * changes[e] >= 0.0) << e;
      if (rescales) continue;
      EXPECT_EQ(std::remainder(result[e], 2.0), 0.0) << e << ": kept as it is or dropped";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Catalog, EdgesOf, testing::ValuesIn(catalog()),
                         [](const auto& test_info) { return test_info.param->schema().name; });

}  // namespace
}  // namespace stockpot::method
