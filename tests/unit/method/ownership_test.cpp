#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "method_driver.hpp"

namespace stockpot::method {
namespace {

using Values = std::vector<double>;
using testing::ElementsAre;

MethodRun owned(const std::string& method, std::vector<Values> models, Values anchor, double epsilon,
                double r = 0.1, double alpha = 0.2) {
  MethodRun run{.method = *find_method(method), .input_dtype = DType::f64, .output_dtype = DType::f64};
  run.models = std::move(models);
  run.anchor = std::move(anchor);
  run.values.shared = {{"epsilon", epsilon}};
  if (method == "ramplus_tl") run.values.shared.insert({{"r", r}, {"alpha", alpha}});
  return run;
}

/// What ram makes of one element.
double ram_element(const Values& x, double b, double epsilon) {
  double sum = 0.0;
  int owners = 0;
  for (const double value : x) {
    if (std::abs(value - b) <= epsilon) continue;
    sum = owners == 0 ? value - b : sum + (value - b);
    ++owners;
  }
  return owners == 0 ? b : b + sum / owners;
}

TEST(Ram, AddsWhatOneChangesAndAveragesWhatSeveralChange) {
  for (const std::uint64_t elements : {0U, 1U, 99U, 5000U}) {
    std::vector<Values> models;
    const Values base = random_values(DType::f64, elements, 1);
    for (std::size_t i = 0; i < 3; ++i) models.push_back(random_values(DType::f64, elements, 2 + i));
    for (std::size_t e = 0; e < elements; ++e) {
      for (std::size_t i = 0; i < 3; ++i) {
        if ((e >> i) % 2 == 0) models[i][e] = base[e];
      }
    }
    Values expected;
    for (std::size_t e = 0; e < elements; ++e) {
      expected.push_back(ram_element({models[0][e], models[1][e], models[2][e]}, base[e], 1e-5));
    }
    EXPECT_EQ(result(owned("ram", models, base, 1e-5)), expected) << elements;
  }
}

TEST(Ram, SmallChangesCountUnderThePapersRule) {
  const std::vector<Values> models{Values(99, 0x1p-20), Values(99, 0.0)};
  EXPECT_EQ(result(owned("ram", models, Values(99, 0.0), 1e-5)), Values(99, 0.0));
  EXPECT_EQ(result(owned("ram", models, Values(99, 0.0), 0.0)), Values(99, 0x1p-20));
}

TEST(Ram, AChangeAsLargeAsEpsilonDoesNotCount) {
  EXPECT_THAT(result(owned("ram", {{0.25, 0.5, -0.25}}, {0.0, 0.0, 0.0}, 0.25)), ElementsAre(0.0, 0.5, 0.0));
}

TEST(Ram, OppositeChangesCancelAndEqualOnesStay) {
  EXPECT_THAT(result(owned("ram", {{1.0, 2.0}, {-1.0, 2.0}}, {0.0, 0.0}, 1e-5)), ElementsAre(0.0, 2.0));
}

TEST(Ram, EqualModelsKeepTheBasesVeryBits) {
  const Values base{-0.0, 0.1};
  for (const std::string method : {"ram", "ramplus_tl"}) {
    EXPECT_TRUE(owned(method, {base, base}, base, 0.0).run() == MethodRun::store(DType::f64, base)) << method;
  }
}

TEST(RamPlus, EnlargesByTheShareOfSharedChanges) {
  // The first model owns two entries and shares one, the second shares its only one.
  const std::vector<Values> models{{1.0, 2.0, 4.0, 0.0}, {0.0, 0.0, 2.0, 0.0}};
  const Values base(4, 0.0);
  const double factor = 1.0 + 0.1 * 0.5;
  EXPECT_THAT(result(owned("ramplus_tl", models, base, 1e-5, 0.1, 2.0)),
              ElementsAre(factor * 1.0, factor * 2.0, 3.0, 0.0));
  const double limited = 1.0 + 0.1 * 0.2;
  EXPECT_THAT(result(owned("ramplus_tl", models, base, 1e-5, 0.1, 0.2)),
              ElementsAre(limited * 1.0, limited * 2.0, 3.0, 0.0));
}

TEST(RamPlus, IsRamWhereNothingIsSharedOrNothingIsEnlarged) {
  const std::vector<Values> apart{{1.0, 0.0, 3.0}, {0.0, -2.0, 0.0}};
  EXPECT_THAT(result(owned("ramplus_tl", apart, {0.0, 0.0, 0.0}, 1e-5)), ElementsAre(1.0, -2.0, 3.0));
  const std::vector<Values> models{random_values(DType::f64, 500, 7), random_values(DType::f64, 500, 8)};
  const Values base = random_values(DType::f64, 500, 9);
  const Values ram = result(owned("ram", models, base, 0.5));
  EXPECT_EQ(result(owned("ramplus_tl", models, base, 0.5, 0.0, 0.2)), ram);
  EXPECT_EQ(result(owned("ramplus_tl", models, base, 0.5, 0.1, 0.0)), ram);
}

TEST(RamPlus, TensorsOfAScopeAreCountedTogether) {
  const Method& method = *find_method("ramplus_tl");
  ScopeContext scope;
  scope.kind = recipe::Scope::model;
  scope.name = "model";
  const MethodRun unique = owned("ramplus_tl", {{1.0, 1.0}, {0.0, 0.0}}, {0.0, 0.0}, 1e-5, 0.5, 10.0);
  const MethodRun shared = owned("ramplus_tl", {{1.0, 1.0}, {1.0, 1.0}}, {0.0, 0.0}, 1e-5, 0.5, 10.0);
  scope.tensors = {unique.context(), shared.context()};
  const auto survey = method.survey(scope);
  std::size_t tensor = 0;
  for (const MethodRun* run : {&unique, &shared}) {
    const std::array<kernel::TypedInput, 2> inputs{
        kernel::TypedInput{DType::f64, reinterpret_cast<const std::byte*>(run->models[0].data())},
        kernel::TypedInput{DType::f64, reinterpret_cast<const std::byte*>(run->models[1].data())}};
    Tile tile;
    tile.count = 2;
    tile.inputs = inputs;
    tile.anchor = {DType::f64, reinterpret_cast<const std::byte*>(run->anchor.data())};
    survey->take(tensor++, tile);
  }
  stats::LocalReducer reducer;
  survey->end_round(reducer);
  ASSERT_EQ(survey->next(), Reading::nothing);
  const Diagnostics diagnostics = survey->diagnostics(0);
  EXPECT_THAT(std::get<Numbers>(diagnostics.at("unique")), ElementsAre(2.0, 0.0));
  EXPECT_THAT(std::get<Numbers>(diagnostics.at("shared")), ElementsAre(2.0, 2.0));
}

}  // namespace
}  // namespace stockpot::method
