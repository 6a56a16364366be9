#include "stockpot/method/combination.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockpot/base/error.hpp"

namespace stockpot::method {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TensorContext tensor(const std::string& name, std::size_t models) {
  TensorContext context;
  context.name = name;
  context.models = models;
  return context;
}

TEST(Combination, TakesEachTensorsOwnCoefficients) {
  const auto method = make_combination({{"a.weight", {0.25, 0.75}}, {"aa.weight", {1.0, 0.0}}});
  const auto pass = method->coefficients(tensor("a.weight", 2));
  ASSERT_NE(pass->linear_form(), nullptr);
  EXPECT_THAT(pass->linear_form()->weights, ElementsAre(0.25, 0.75));
  EXPECT_FALSE(pass->linear_form()->divisor);
  EXPECT_THAT(method->coefficients(tensor("aa.weight", 2))->linear_form()->weights, ElementsAre(1.0, 0.0));
}

TEST(Combination, RefusesTensorsThatTheTableDoesNotFit) {
  const auto method = make_combination({{"a", {0.25, 0.75}}});
  for (const TensorContext& wrong : {tensor("b", 2), tensor("a", 3)}) {
    try {
      static_cast<void>(method->coefficients(wrong));
      FAIL() << wrong.name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
      EXPECT_THAT(error.what(), HasSubstr(wrong.name));
      EXPECT_THAT(error.what(), HasSubstr("coefficients"));
    }
  }
}

}  // namespace
}  // namespace stockpot::method
