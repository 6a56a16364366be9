#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "method_driver.hpp"

namespace stockpot::method {
namespace {

/// Every method of the catalog must keep what it claims, and every method must not depend on how tensors are
/// cut.
class EveryMethod : public testing::TestWithParam<const Method*> {
 protected:
  [[nodiscard]] MethodRun random_run(DType dtype, std::uint64_t elements, std::uint64_t seed) const {
    MethodRun run{.method = *GetParam(), .input_dtype = dtype, .output_dtype = dtype};
    const recipe::MethodSchema& schema = GetParam()->schema();
    const std::size_t models = ingredients(schema);
    for (std::size_t i = 0; i < models; ++i)
      run.models.push_back(random_values(dtype, elements, seed * 100 + i));
    if (schema.needs_base_model) run.anchor = random_values(dtype, elements, seed * 100 + 99);
    run.values = plain_parameters(schema, models);
    return run;
  }
  static constexpr std::array dtypes{DType::bf16, DType::f16, DType::f32, DType::f64};
};

/// Distance of neighbours around a value in an output dtype.
double ulp(DType dtype, double value) {
  const int digits = dtype == DType::bf16 ? 8 : dtype == DType::f16 ? 11 : dtype == DType::f32 ? 24 : 53;
  return value == 0.0 ? 0.0 : std::ldexp(1.0, std::ilogb(value) + 1 - digits);
}

TEST_P(EveryMethod, GivesTheSameBytesHoweverTensorsAreCut) {
  std::mt19937_64 generator(1);
  for (const DType dtype : dtypes) {
    const MethodRun run = random_run(dtype, 2333, 2);
    const auto whole = run.run();
    for (int attempt = 0; attempt < 12; ++attempt) {
      std::vector<std::uint64_t> cuts(1 + generator() % 9);
      for (std::uint64_t& cut : cuts) cut = generator() % 2334;
      std::sort(cuts.begin(), cuts.end());
      EXPECT_TRUE(run.run(cuts) == whole) << name(dtype) << " cut at " << testing::PrintToString(cuts);
    }
  }
}

TEST_P(EveryMethod, TakesTensorsWithoutElements) {
  EXPECT_TRUE(random_run(DType::bf16, 0, 3).run().empty());
}

TEST_P(EveryMethod, IsIdempotentWhereItClaimsSo) {
  if (!GetParam()->claims().idempotent) GTEST_SKIP() << "no such claim";
  for (const DType dtype : dtypes) {
    MethodRun run = random_run(dtype, 1000, 4);
    for (auto& model : run.models) model = run.models.front();
    if (!run.anchor.empty()) run.anchor = run.models.front();
    const auto result = MethodRun::load(dtype, run.run());
    for (std::size_t i = 0; i < result.size(); ++i) {
      // Doubles have no spare digits that would absorb the roundings of the sum.
      const double tolerance = dtype == DType::f64 ? 4.0 * ulp(dtype, run.models[0][i]) : 0.0;
      EXPECT_LE(std::abs(result[i] - run.models[0][i]), tolerance) << name(dtype) << " " << i;
    }
  }
}

TEST_P(EveryMethod, IsPermutationInvariantWhereItClaimsSo) {
  if (!GetParam()->claims().permutation_invariant) GTEST_SKIP() << "no such claim";
  for (const DType dtype : dtypes) {
    MethodRun run = random_run(dtype, 1000, 5);
    const auto first = MethodRun::load(dtype, run.run());
    std::vector<double> largest(first.size(),
                                0.0);  // cancellation: an ulp of the largest value that is summed
    for (const auto& model : run.models) {
      for (std::size_t i = 0; i < largest.size(); ++i) largest[i] = std::max(largest[i], std::abs(model[i]));
    }
    for (std::size_t i = 0; i < run.anchor.size(); ++i)
      largest[i] = std::max(largest[i], std::abs(run.anchor[i]));
    std::rotate(run.models.begin(), run.models.begin() + (run.models.size() > 1 ? 1 : 0), run.models.end());
    const auto second = MethodRun::load(dtype, run.run());
    for (std::size_t i = 0; i < first.size(); ++i) {
      const double bound = std::max(ulp(dtype, first[i]), 8.0 * ulp(DType::f64, largest[i]));
      EXPECT_LE(std::abs(first[i] - second[i]), bound) << name(dtype) << " " << i;
    }
  }
}

TEST_P(EveryMethod, ScalesWithItsInputsWhereItClaimsSo) {
  if (!GetParam()->claims().linear) GTEST_SKIP() << "no such claim";
  for (const DType dtype : dtypes) {
    MethodRun run = random_run(dtype, 1000, 6);
    const auto result = MethodRun::load(dtype, run.run());
    const auto times_four = [](std::vector<double>& values) {
      for (double& value : values) value *= 4.0;
    };
    for (auto& model : run.models) times_four(model);
    times_four(run.anchor);
    const auto scaled = MethodRun::load(dtype, run.run());
    for (std::size_t i = 0; i < result.size(); ++i) {
      if (std::abs(result[i]) < 1e-4) continue;  // a subnormal of f16 has fewer digits than four times itself
      EXPECT_EQ(scaled[i], 4.0 * result[i]) << name(dtype) << " " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryMethod, testing::ValuesIn(catalog()),
                         [](const auto& test_info) { return test_info.param->schema().name; });

}  // namespace
}  // namespace stockpot::method
