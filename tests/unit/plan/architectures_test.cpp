#include "support/architectures.hpp"
#include "plan_fixture.hpp"

namespace stockpot::plan {
namespace {

struct Architecture {
  const char* name;
  architectures::Tensors (*tensors)();
  double billions;  ///< parameters, as published
};

void PrintTo(const Architecture& architecture, std::ostream* out) {
  *out << architecture.name;
}

class RealArchitecture : public testing::TestWithParam<Architecture> {
 protected:
  /// `head` without models; `count` models m0, m1, ...
  static Planning of(std::string head, std::size_t count) {
    const architectures::Tensors tensors = GetParam().tensors();
    head += "\nmodels: [";
    for (std::size_t i = 0; i < count; ++i) head += fmt::format("{}{{model: m{}}}", i > 0 ? ", " : "", i);
    recipe::ParsedRecipe parsed = recipe::parse_recipe(head + "]\n", method::schema(), false);
    Planning made{std::move(parsed.recipe.value()), nullptr, {}};
    made.method = method::find_method(made.recipe.method);
    for (const ModelUse& use : models_of(made.recipe)) {
      made.models.push_back(make_model(use, architectures::checkpoint_of(use.reference.text, tensors), {}));
    }
    return made;
  }

  static std::uint64_t stored(const Planning& planning) {
    std::uint64_t total = 0;
    for (const Model& model : planning.models) total += model.checkpoint.total_bytes();
    return total;
  }
};

TEST_P(RealArchitecture, HasItsPublishedSize) {
  const auto count = static_cast<double>(architectures::parameters(GetParam().tensors()));
  EXPECT_NEAR(count * 1e-9, GetParam().billions, 0.005 * GetParam().billions);
}

TEST_P(RealArchitecture, AMeanIsBalancedAndReadsEachModelOnce) {
  const Planning planning = of("merge_method: uniform_soup", 2);
  const ResolvedMerge resolved = planning.resolve();
  for (const std::uint64_t ranks : {8U, 16U, 64U, 256U, 1024U}) {
    PlanOptions options;
    options.grid = {ranks, 1};
    const MergePlan made = make_plan(planning.recipe, *planning.method, resolved, planning.models, options);
    EXPECT_LT(made.imbalance, 0.05) << ranks << " ranks";
    std::uint64_t read = 0;
    std::uint64_t written = 0;
    for (const RankForecast& rank : forecast(made, planning.models)) {
      read += rank.traffic.read_bytes;
      written += rank.traffic.written_bytes;
    }
    EXPECT_EQ(read, stored(planning));
    EXPECT_EQ(written, stored(planning) / 2);
  }
}

TEST_P(RealArchitecture, ThresholdsOfTensorsAndOfTheModelAreBalanced) {
  for (const char* const scope : {"tensor", "model"}) {
    const Planning planning =
        of(fmt::format(
               "merge_method: ties\nbase_model: m0\nscope: {}\nparameters: {{weight: 0.5, density: 0.2}}",
               scope),
           3);
    const ResolvedMerge resolved = planning.resolve();
    for (const std::uint64_t ranks : {8U, 128U, 1024U}) {
      PlanOptions options;
      options.grid = {ranks, 1};
      const MergePlan made = make_plan(planning.recipe, *planning.method, resolved, planning.models, options);
      EXPECT_LT(made.imbalance, 0.05) << ranks << " ranks, scope " << scope;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Public, RealArchitecture,
                         testing::Values(Architecture{"Llama3_70B", architectures::llama_3_70b, 70.55},
                                         Architecture{"Llama31_405B", architectures::llama_3_1_405b, 405.85},
                                         Architecture{"Mixtral_8x22B", architectures::mixtral_8x22b, 140.62},
                                         Architecture{"DeepSeek_V3", architectures::deepseek_v3, 671.03},
                                         Architecture{"Kimi_K2", architectures::kimi_k2, 1026.0}),
                         [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace stockpot::plan
