#include <gtest/gtest.h>

#include <functional>

#include "method_driver.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::method {
namespace {

using Values = std::vector<double>;
/// One element of the result from the elements of the models and of the anchor.
using Expression = std::function<double(const Values& x, double b)>;

/// Exact comparison of a method with its stated expression on random elements of every dtype.
void expect_expression(const std::string& method_name, const ParameterValues& values, std::size_t models,
                       bool anchored, const Expression& expression) {
  for (const DType dtype : {DType::bf16, DType::f16, DType::f32, DType::f64}) {
    MethodRun run{.method = *find_method(method_name),
                  .input_dtype = dtype,
                  .output_dtype = DType::f64,
                  .values = values};
    for (std::size_t i = 0; i < models; ++i) run.models.push_back(random_values(dtype, 777, 10 + i));
    if (anchored) run.anchor = random_values(dtype, 777, 9);
    for (const DType output : {DType::bf16, DType::f16, DType::f32, DType::f64}) {
      run.output_dtype = output;
      Values expected;
      for (std::size_t e = 0; e < 777; ++e) {
        Values x;
        for (const Values& model : run.models) x.push_back(model[e]);
        expected.push_back(expression(x, anchored ? run.anchor[e] : 0.0));
      }
      EXPECT_TRUE(run.run() == MethodRun::store(output, expected)) << name(dtype) << " to " << name(output);
    }
  }
}

ParameterValues weights(const Values& list) {
  ParameterValues values;
  values.per_model["weight"].assign(list.begin(), list.end());
  return values;
}

TEST(LinearFamily, LinearIsTheWeightedMean) {
  ParameterValues values = weights({0.3, 1.7, -0.4});
  values.shared["normalize"] = 1.0;
  expect_expression("linear", values, 3, false, [](const Values& x, double) {
    return ((0.3 * x[0] + 1.7 * x[1]) + -0.4 * x[2]) / ((0.3 + 1.7) + -0.4);
  });
}

TEST(LinearFamily, LinearWithoutNormalizeIsTheSum) {
  ParameterValues values = weights({0.3, 1.7, -0.4});
  values.shared["normalize"] = 0.0;
  expect_expression("linear", values, 3, false,
                    [](const Values& x, double) { return (0.3 * x[0] + 1.7 * x[1]) + -0.4 * x[2]; });
  ParameterValues one = weights({-2.5});
  one.shared["normalize"] = 0.0;
  expect_expression("linear", one, 1, false, [](const Values& x, double) { return -2.5 * x[0]; });
}

TEST(LinearFamily, LinearRefusesWeightsThatSumToZero) {
  ParameterValues values = weights({1.0, -1.0});
  values.shared["normalize"] = 1.0;
  TensorContext context;
  context.name = "the.tensor";
  context.shape = {1};
  context.elements = 1;
  context.models = 2;
  context.values = values;
  try {
    find_method("linear")->coefficients(context);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_NE(std::string(error.what()).find("the.tensor"), std::string::npos);
  }
}

TEST(LinearFamily, UniformSoupIsTheSumByTheNumberOfModels) {
  expect_expression("uniform_soup", {}, 5, false,
                    [](const Values& x, double) { return ((((x[0] + x[1]) + x[2]) + x[3]) + x[4]) / 5.0; });
  expect_expression("uniform_soup", {}, 1, false, [](const Values& x, double) { return x[0]; });
}

TEST(LinearFamily, WeightedGoesByExamples) {
  ParameterValues values;
  values.per_model["examples"] = {12000.0, 350.0, 7.0};
  expect_expression("weighted", values, 3, false, [](const Values& x, double) {
    return ((12000.0 * x[0] + 350.0 * x[1]) + 7.0 * x[2]) / ((12000.0 + 350.0) + 7.0);
  });
}

TEST(LinearFamily, TaskArithmeticAddsTaskVectors) {
  ParameterValues values = weights({0.3, 1.7});
  values.shared = {{"lambda", 0.9}, {"normalize", 0.0}};
  expect_expression("task_arithmetic", values, 2, true, [](const Values& x, double b) {
    return b + 0.9 * (0.3 * (x[0] - b) + 1.7 * (x[1] - b));
  });
  values.shared["normalize"] = 1.0;
  expect_expression("task_arithmetic", values, 2, true, [](const Values& x, double b) {
    return b + 0.9 * ((0.3 * (x[0] - b) + 1.7 * (x[1] - b)) / (0.3 + 1.7));
  });
}

TEST(LinearFamily, TaskArithmeticDividesByOneWhereWeightsSumToNearlyZero) {
  ParameterValues values = weights({1.0, -1.0});
  values.shared = {{"lambda", 1.0}, {"normalize", 1.0}};
  expect_expression("task_arithmetic", values, 2, true, [](const Values& x, double b) {
    return b + 1.0 * (1.0 * (x[0] - b) + -1.0 * (x[1] - b));
  });
}

TEST(LinearFamily, PassthroughScales) {
  ParameterValues values;
  values.per_model["scale"] = {0.7};
  expect_expression("passthrough", values, 1, false, [](const Values& x, double) { return 0.7 * x[0]; });
  values.per_model["scale"] = {std::nullopt};
  expect_expression("passthrough", values, 1, false, [](const Values& x, double) { return x[0]; });
}

TEST(Parameters, WhatARecipeDidNotGiveIsAUsageError) {
  ParameterValues values = weights({1.0});
  values.per_model["weight"].push_back(std::nullopt);
  EXPECT_THROW(static_cast<void>(values.number("lambda")), Error);
  EXPECT_THROW(static_cast<void>(values.of_models("density")), Error);
  EXPECT_THROW(static_cast<void>(values.of_models("weight")), Error);
}

}  // namespace
}  // namespace stockpot::method
