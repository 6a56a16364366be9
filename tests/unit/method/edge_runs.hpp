#pragma once

#include <gtest/gtest.h>

#include "method_driver.hpp"

namespace stockpot::method {

using Values = std::vector<double>;

/// A run with the first of two models, or both, and the anchor, as far as the method takes them.
inline MethodRun run_of(const std::string& method, const std::vector<Values>& models, const Values& anchor) {
  const Method& found = *find_method(method);
  const std::size_t count = std::min(models.size(), ingredients(found.schema()));
  MethodRun run{.method = found, .input_dtype = DType::f64, .output_dtype = DType::f64};
  run.models.assign(models.begin(), models.begin() + static_cast<std::ptrdiff_t>(count));
  if (found.schema().needs_base_model) run.anchor = anchor;
  run.values = plain_parameters(found.schema(), count);
  return run;
}

inline void expect_result(const MethodRun& run, const Values& expected) {
  const Values result = MethodRun::load(DType::f64, run.run());
  ASSERT_EQ(result.size(), expected.size());
  for (std::size_t e = 0; e < expected.size(); ++e) {
    EXPECT_NEAR(result[e], expected[e], 1e-7 * std::max(1.0, std::abs(expected[e]))) << "element " << e;
  }
}

}  // namespace stockpot::method
