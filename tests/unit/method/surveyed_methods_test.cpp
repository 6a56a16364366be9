#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "method_driver.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::method {
namespace {

/// A run of a method with its defaults.
MethodRun run_of(const std::string& name, std::vector<std::vector<double>> models,
                 std::vector<double> anchor) {
  const Method& method = *find_method(name);
  const std::size_t count = models.size();
  return {.method = method,
          .output_dtype = DType::f64,
          .models = std::move(models),
          .anchor = std::move(anchor),
          .values = plain_parameters(method.schema(), count)};
}

std::vector<double> result_of(const MethodRun& run) {
  return MethodRun::load(run.output_dtype, run.run());
}

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Slerp, GivesItsEndsAndGoesBeyondThem) {
  MethodRun run = run_of("slerp", {{0.0, 2.0}}, {1.0, 0.0});
  run.values.shared["t"] = 0.0;
  EXPECT_THAT(result_of(run), ElementsAre(1.0, 0.0));
  run.values.shared["t"] = 1.0;
  EXPECT_THAT(result_of(run), ElementsAre(testing::DoubleNear(0.0, 1e-15), 2.0));
  run.values.shared["t"] = 2.0;
  EXPECT_THAT(result_of(run), ElementsAre(testing::DoubleNear(-1.0, 1e-15), testing::DoubleNear(0.0, 1e-15)));
}

TEST(Slerp, TakesTheLineBetweenOppositeVectors) {
  MethodRun run = run_of("slerp", {{-2.0, 0.0, 4.0}}, {1.0, 0.0, -2.0});
  run.values.shared["t"] = 0.25;
  EXPECT_THAT(result_of(run), ElementsAre(0.25, 0.0, -0.5));
}

TEST(ModelStock, StaysAtTheAnchorWhereNothingMoved) {
  EXPECT_THAT(result_of(run_of("model_stock", {{1.0, 2.0}, {1.0, 2.0}}, {1.0, 2.0})), ElementsAre(1.0, 2.0));
}

TEST(ModelStock, SeesTheAngleOfTinyTaskVectors) {
  // Cosine 0.8, norms of 1e-150: any epsilon would hide it. t = 2 * 0.8 / 1.8.
  const double tiny = 1e-150;
  MethodRun run = run_of("model_stock", {{tiny, 0.0}, {0.8 * tiny, 0.6 * tiny}}, {0.0, 0.0});
  run.input_dtype = DType::f64;
  const double t = 1.6 / 1.8;
  EXPECT_THAT(result_of(run), ElementsAre(testing::DoubleNear(0.9 * t * tiny, 1e-12 * tiny),
                                          testing::DoubleNear(0.3 * t * tiny, 1e-12 * tiny)));
}

TEST(ModelStock, StaysAtTheAnchorWhereTheRatioIsSingular) {
  EXPECT_THAT(result_of(run_of("model_stock", {{1.0, 0.0}, {-1.0, 0.0}}, {0.0, 0.0})), ElementsAre(0.0, 0.0));
}

TEST(Multislerp, RefusesWeightsThatSumToZero) {
  MethodRun run = run_of("multislerp", {{1.0}, {2.0}}, {});
  run.values.per_model["weight"] = {1.0, -1.0};
  EXPECT_THAT(refusal_of(run), HasSubstr("sum to zero"));
}

TEST(Multislerp, RefusesThreeDirectionsThatCancel) {
  const MethodRun run = run_of("multislerp", {{1.0, 0.0}, {-1.0, 0.0}, {0.0, 0.0}}, {});
  EXPECT_THROW(static_cast<void>(run.run()), Error);
}

TEST(Karcher, IsTheModelWhereThereIsOne) {
  EXPECT_THAT(result_of(run_of("karcher", {{3.0, -4.0}}, {})), ElementsAre(3.0, -4.0));
}

TEST(Karcher, FindsTheMiddleOfAnArcAtTheMeanNorm) {
  const double half = std::sqrt(0.5);
  EXPECT_THAT(result_of(run_of("karcher", {{2.0, 0.0}, {0.0, 4.0}}, {})),
              ElementsAre(testing::DoubleNear(3.0 * half, 1e-12), testing::DoubleNear(3.0 * half, 1e-12)));
}

TEST(Mlerp, KeepsTheMeanOrTheLargestNorm) {
  MethodRun run = run_of("mlerp", {{3.0, 0.0}, {0.0, 3.0}, {-3.0, 3.0}}, {});
  EXPECT_THAT(result_of(run),
              ElementsAre(testing::DoubleNear(0.0, 1e-12), testing::DoubleNear(2.0 + std::sqrt(2.0), 1e-12)));
  run.values.words["norm"] = "max";
  EXPECT_THAT(result_of(run),
              ElementsAre(testing::DoubleNear(0.0, 1e-12), testing::DoubleNear(3.0 * std::sqrt(2.0), 1e-12)));
}

TEST(Ties, KeepsTheLowestIndicesOfEqualMagnitudes) {
  MethodRun run = run_of("ties", {{1.0, -1.0, 1.0, 1.0, 1.0}}, {0.0, 0.0, 0.0, 0.0, 0.0});
  run.values.per_model["density"] = {0.5};
  EXPECT_THAT(result_of(run), ElementsAre(1.0, -1.0, 0.0, 0.0, 0.0));
}

TEST(Ties, KeepsAtLeastOneEntryAndNoneAtDensityZero) {
  MethodRun run = run_of("ties", {{1.0, 3.0, 2.0}}, {0.0, 0.0, 0.0});
  run.values.per_model["density"] = {0.01};
  EXPECT_THAT(result_of(run), ElementsAre(0.0, 3.0, 0.0));
  run.values.per_model["density"] = {0.0};
  EXPECT_THAT(result_of(run), ElementsAre(0.0, 0.0, 0.0));
}

TEST(Ties, KeepsAllTiesOfThePapersThreshold) {
  MethodRun run = run_of("ties", {{5.0, 1.0, -1.0, 1.0, 0.5}}, std::vector<double>(5, 0.0));
  run.semantics = recipe::Semantics::paper;
  run.values.per_model["density"] = {0.2};  // k = 4: the threshold is 1
  EXPECT_THAT(result_of(run), ElementsAre(5.0, 1.0, -1.0, 1.0, 0.0));
}

TEST(Ties, ElectsTheMajorityWhereThePaperHasNoSign) {
  // Most elements are negative, so the second one, which cancels, becomes negative too.
  MethodRun run = run_of("ties", {{-1.0, 2.0, -1.0}, {-1.0, -2.0, -1.0}}, std::vector<double>(3, 0.0));
  run.semantics = recipe::Semantics::paper;
  run.values.per_model["density"] = {1.0, 1.0};
  EXPECT_THAT(result_of(run), ElementsAre(-1.0, -2.0, -1.0));
}

TEST(Ties, OfThePaperHasNoWeights) {
  MethodRun run = run_of("ties", {{1.0}, {2.0}}, {0.0});
  run.semantics = recipe::Semantics::paper;
  run.values.per_model["weight"] = {1.0, 0.5};
  EXPECT_THAT(refusal_of(run), HasSubstr("weights"));
}

TEST(Breadcrumbs, DropsTheLargestAndTheSmallest) {
  MethodRun run = run_of("breadcrumbs", {{1.0, -5.0, 3.0, 2.0, 4.0}}, std::vector<double>(5, 0.0));
  run.values.per_model["density"] = {0.4};
  run.values.per_model["gamma"] = {0.2};
  EXPECT_THAT(result_of(run), ElementsAre(0.0, 0.0, 3.0, 0.0, 4.0));
}

TEST(Breadcrumbs, KeepsTheLowestIndicesWhereAllMagnitudesAreEqual) {
  MethodRun run = run_of("breadcrumbs", {std::vector<double>(5, 2.0)}, std::vector<double>(5, 0.0));
  run.values.per_model["density"] = {0.4};
  run.values.per_model["gamma"] = {0.2};
  EXPECT_THAT(result_of(run), ElementsAre(2.0, 2.0, 0.0, 0.0, 0.0));
}

TEST(Dare, LeavesTheAnchorAloneAtDensityZeroAndSumsAtOne) {
  MethodRun run = run_of("dare_linear", {{1.5, 2.0}, {4.0, -2.0}}, {-0.0, 1.0});
  run.values.per_model["density"] = {0.0, 0.0};
  const std::vector<double> nothing = result_of(run);
  EXPECT_TRUE(std::signbit(nothing[0]) && nothing[0] == 0.0 && nothing[1] == 1.0);
  run.values.per_model["density"] = {1.0, 1.0};
  EXPECT_THAT(result_of(run), ElementsAre(5.5, -1.0));
}

TEST(Dare, IsUnbiasedInThePapersForm) {
  constexpr std::size_t elements = 200'000;
  MethodRun run =
      run_of("dare_linear", {std::vector<double>(elements, 1.0)}, std::vector<double>(elements, 0.0));
  run.semantics = recipe::Semantics::paper;
  run.values.per_model["density"] = {0.3};
  const std::vector<double> result = result_of(run);
  double sum = 0.0;
  for (const double value : result) {
    EXPECT_TRUE(value == 0.0 || value == 1.0 / 0.3) << value;
    sum += value;
  }
  const double deviation = std::sqrt(0.7 / 0.3 / static_cast<double>(elements));
  EXPECT_NEAR(sum / static_cast<double>(elements), 1.0, 5.0 * deviation);
}

TEST(Dare, KeepsTheNormInMergekitsForm) {
  const std::vector<double> values = random_values(DType::f32, 5000, 3);
  MethodRun run = run_of("dare_linear", {values}, std::vector<double>(values.size(), 0.0));
  run.values.per_model["density"] = {0.1};
  double before = 0.0;
  double after = 0.0;
  for (const double value : values) before += std::abs(value);
  for (const double value : result_of(run)) after += std::abs(value);
  EXPECT_NEAR(after, before, 1e-9 * before);
}

TEST(Dare, DependsOnSeedModelAndTensorOnly) {
  const std::vector<double> values = random_values(DType::f32, 3000, 4);
  const MethodRun run = [&values] {
    MethodRun made = run_of("dare_linear", {values, values}, std::vector<double>(values.size(), 0.0));
    made.values.per_model["density"] = {0.5, 0.0};
    return made;
  }();
  MethodRun other = run;
  other.values.per_model["density"] = {0.0, 0.5};
  EXPECT_EQ(run.run(), run.run());
  EXPECT_NE(run.run(), other.run()) << "two models have the same mask";
}

TEST(Scopes, RefuseDensitiesThatDiffer) {
  const Method& ties = *find_method("ties");
  TensorContext tensor = run_of("ties", {{1.0}}, {0.0}).context();
  tensor.values.per_model["density"] = {0.5};
  ScopeContext scope;
  scope.kind = recipe::Scope::model;
  scope.name = "model";
  scope.tensors = {tensor, tensor};
  scope.tensors[1].name = "other";
  scope.tensors[1].values.per_model["density"] = {0.6};
  EXPECT_THROW(static_cast<void>(ties.survey(scope)), Error);
}

}  // namespace
}  // namespace stockpot::method
