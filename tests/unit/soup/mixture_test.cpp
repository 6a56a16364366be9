#include "soup/mixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "unit/soup/learned_fixture.hpp"

namespace stockpot::soup::testing {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

const std::vector<std::string> names{"layers.10.bias", "layers.2.weight", "layers.2.bias", "head"};

TEST(CoefficientGroups, OfTensorsStandInBytewiseOrder) {
  const CoefficientGroups groups = group_tensors(names, recipe::Scope::tensor);
  EXPECT_THAT(groups.names, ElementsAre("head", "layers.10.bias", "layers.2.bias", "layers.2.weight"));
  EXPECT_THAT(groups.of_tensor, UnorderedElementsAre(Pair("head", 0), Pair("layers.10.bias", 1),
                                                     Pair("layers.2.bias", 2), Pair("layers.2.weight", 3)));
}

TEST(CoefficientGroups, OfLayersAndOfTheModelHoldAllOfTheirTensors) {
  const CoefficientGroups layers = group_tensors(names, recipe::Scope::layer);
  EXPECT_THAT(layers.names, ElementsAre("head", "layers.10", "layers.2"));
  EXPECT_THAT(layers.of_tensor, UnorderedElementsAre(Pair("head", 0), Pair("layers.10.bias", 1),
                                                     Pair("layers.2.bias", 2), Pair("layers.2.weight", 2)));
  const CoefficientGroups model = group_tensors(names, recipe::Scope::model);
  EXPECT_THAT(model.names, ElementsAre("model"));
  EXPECT_EQ(model.of_tensor.size(), names.size());
}

TEST(Softmax, OfRowsSumsToOneAndSurvivesLargeNumbers) {
  const std::vector<double> coefficients =
      softmax_rows(std::vector<double>{0.25, 0.25, 0.25, 0.25, 1000, 1000 + std::log(3.0), -1e308, -1000}, 4);
  EXPECT_THAT(coefficients,
              ElementsAre(0.25, 0.25, 0.25, 0.25, DoubleNear(0.25, 1e-12), DoubleNear(0.75, 1e-12), 0, 0));
}

TEST(Softmax, GradientOfARowIsThatOfFiniteDifferences) {
  const std::vector<double> alpha{0.3, -1.2, 0.8, 2.0, 0.1, 0.1};
  const std::vector<double> slope{3, -2, 0.5, 1, 4, -7};  // of a loss that is linear in the coefficients
  const auto loss = [&](const std::vector<double>& at) {
    const std::vector<double> coefficients = softmax_rows(at, 3);
    return std::inner_product(slope.begin(), slope.end(), coefficients.begin(), 0.0);
  };
  const std::vector<double> gradient = pull_through_softmax(softmax_rows(alpha, 3), slope, 3);
  constexpr double step = 1e-5;
  for (std::size_t i = 0; i < alpha.size(); ++i) {
    std::vector<double> above = alpha;
    std::vector<double> below = alpha;
    above[i] += step;
    below[i] -= step;
    EXPECT_NEAR(gradient[i], (loss(above) - loss(below)) / (2 * step), 1e-8) << i;
  }
}

Mixture two_models() {
  const auto model = [](double a, double b, double fixed) {
    return probe::Parameters{{"a", {2}, {a, 2 * a}}, {"b", {1}, {b}}, {"fixed", {1}, {fixed}}};
  };
  return {{model(1, 10, 5), model(3, -20, 5)}, group_tensors({"a", "b"}, recipe::Scope::tensor)};
}

TEST(Mixture, CombinesByTensorAndKeepsWhatIsNotLearned) {
  const probe::Parameters soup = two_models().combine(std::vector<double>{0.25, 0.75, 1.0, 0.0});
  ASSERT_EQ(soup.size(), 3U);
  EXPECT_THAT(soup[0].values, ElementsAre(0.25 + 0.75 * 3, 0.5 + 0.75 * 6));
  EXPECT_THAT(soup[1].values, ElementsAre(10));
  EXPECT_THAT(soup[2].values, ElementsAre(5));
}

TEST(Mixture, AddsProductsOfAGradientInAnyOrder) {
  const probe::Parameters gradient{{"fixed", {1}, {100}}, {"b", {1}, {0.5}}, {"a", {2}, {1, -1}}};
  std::vector<double> products{1, 1, 1, 1};
  two_models().add_products(gradient, products);
  EXPECT_THAT(products, ElementsAre(1 + 1 - 2, 1 + 3 - 6, 1 + 5, 1 - 10));
}

}  // namespace
}  // namespace stockpot::soup::testing
