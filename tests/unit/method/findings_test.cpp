#include <gtest/gtest.h>

#include "method_driver.hpp"

namespace stockpot::method {
namespace {

/// Every method of the catalog whose surveys find little must be able to go on from their findings.
class Findings : public testing::TestWithParam<const Method*> {
 protected:
  /// The method with every setting of its flags and choices in both semantics, some of everything dropped.
  [[nodiscard]] std::vector<MethodRun> variants() const {
    const recipe::MethodSchema& schema = GetParam()->schema();
    const std::size_t models = ingredients(schema);
    MethodRun plain{.method = *GetParam()};
    plain.shape = {97, 103};
    for (std::size_t i = 0; i < models; ++i) plain.models.push_back(coarse_values(i));
    if (schema.needs_base_model) plain.anchor = coarse_values(99);
    plain.values = plain_parameters(schema, models);
    for (const auto& [name, value] : std::map<std::string, double>{{"density", 0.4}, {"gamma", 0.1}}) {
      if (plain.values.per_model.contains(name)) plain.values.per_model[name].assign(models, value);
    }
    std::vector<MethodRun> runs{plain, plain};
    runs.back().semantics = recipe::Semantics::paper;
    for (const recipe::ParameterSpec& parameter : schema.parameters) {
      const std::vector<MethodRun> before = runs;
      for (MethodRun run : before) {
        if (parameter.kind == recipe::ParameterKind::boolean) {
          run.values.shared[parameter.name] = 1.0 - run.values.shared[parameter.name];
        } else if (parameter.name == "select_topk") {
          run.values.shared[parameter.name] = 0.4;
        } else if (parameter.kind == recipe::ParameterKind::choice) {
          run.values.words[parameter.name] = parameter.choices.back();
        } else {
          continue;
        }
        runs.push_back(run);
      }
    }
    return runs;
  }

  /// One number for each of its columns, which a journal can't hold.
  static bool finds_too_much(const MethodRun& run) {
    return run.method.schema().name == "nuslerp" && !run.values.flag("nuslerp_flatten") &&
           run.values.flag("nuslerp_row_wise");
  }

 private:
  /// Entries equal in magnitude, so that thresholds have ties at positions of their own.
  static std::vector<double> coarse_values(std::uint64_t seed) {
    std::vector<double> values = random_values(DType::f32, std::uint64_t{97} * 103, seed + 1);
    for (double& value : values) value = std::round(value * 64.0) / 64.0;
    return values;
  }
};

TEST_P(Findings, LeadAnotherSurveyToTheSameBytes) {
  for (const MethodRun& run : variants()) {
    if (!run.method.needs_survey(run.context())) continue;
    SCOPED_TRACE(testing::PrintToString(run.values.shared) +
                 (run.semantics == recipe::Semantics::paper ? " paper" : " mergekit"));
    const auto survey = run.begin_survey();
    run.complete(*survey);
    const std::vector<std::uint64_t> findings = survey->findings();
    EXPECT_EQ(findings.empty(), finds_too_much(run));
    EXPECT_LE(findings.size(), 64U) << "a record of a journal stays small";
    if (findings.empty()) continue;

    const auto other = run.begin_survey();
    ASSERT_NE(other->next(), Reading::nothing);
    ASSERT_TRUE(other->adopt(findings));
    EXPECT_EQ(other->next(), Reading::nothing);
    EXPECT_EQ(other->findings(), findings);
    EXPECT_TRUE(run.applied(*other->coefficients(0)) == run.applied(*survey->coefficients(0)));
    EXPECT_TRUE(other->diagnostics(0) == survey->diagnostics(0));
  }
}

TEST_P(Findings, OfAnotherSurveyAreRefusedAndChangeNothing) {
  for (const MethodRun& run : variants()) {
    if (!run.method.needs_survey(run.context())) continue;
    const auto survey = run.begin_survey();
    run.complete(*survey);
    const auto expected = run.applied(*survey->coefficients(0));
    const std::vector<std::uint64_t> findings = survey->findings();
    std::vector<std::uint64_t> longer = findings;
    longer.push_back(0);
    const auto other = run.begin_survey();
    const Reading first = other->next();
    EXPECT_FALSE(other->adopt({}));
    EXPECT_FALSE(other->adopt(longer));
    if (!findings.empty()) {
      EXPECT_FALSE(other->adopt(std::span(findings).first(findings.size() - 1)));
    }
    EXPECT_EQ(other->next(), first);
    run.complete(*other);
    EXPECT_TRUE(run.applied(*other->coefficients(0)) == expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Catalog, Findings, testing::ValuesIn(catalog()),
                         [](const auto& test_info) { return test_info.param->schema().name; });

/// Counts beyond the scope's elements can't have been found there.
TEST(OwnershipFindings, ThatDoNotFitTheScopeAreRefused) {
  MethodRun run{
      .method = *find_method("ramplus_tl"), .models = {{1.0, 2.0}, {2.0, 2.0}}, .anchor = {2.0, 2.0}};
  run.values = plain_parameters(run.method.schema(), 2);
  using Words = std::vector<std::uint64_t>;
  for (const Words& words : {Words{3, 0, 0, 0}, Words{0, 0, 2, 1}, Words{~std::uint64_t{0}, 1, 0, 0}}) {
    EXPECT_FALSE(run.begin_survey()->adopt(words)) << testing::PrintToString(words);
  }
  EXPECT_TRUE(run.begin_survey()->adopt(Words{1, 1, 0, 2}));
}

}  // namespace
}  // namespace stockpot::method
