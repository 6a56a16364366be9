#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "claims.hpp"
#include "flops.hpp"
#include "grid_search.hpp"
#include "results.hpp"
#include "spread.hpp"
#include "tables.hpp"

namespace stockpot::reproduce {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Row row(std::vector<double> values) {
  return {.table = "E3", .method = "m", .setting = "", .metric = "held_in", .values = std::move(values)};
}

TEST(Spread, IsThatOfASample) {
  const std::vector<double> values{1, 2, 3, 4};
  EXPECT_EQ(spread(values).mean, 2.5);
  EXPECT_THAT(spread(values).deviation, DoubleNear(1.2909944487358056, 1e-15));
  EXPECT_EQ(spread(std::vector<double>{7}).deviation, 0);
}

TEST(Claims, AreJudgedByPairedDifferences) {
  // The rows' own spread is large, that of their differences is not: 0.1, 0.2, 0.3.
  const Claim close = judge("c", row({0.5, 0.7, 0.9}), row({0.4, 0.5, 0.6}));
  EXPECT_THAT(close.difference.mean, DoubleNear(0.2, 1e-12));
  EXPECT_THAT(close.difference.standard_error, DoubleNear(0.1 / std::sqrt(3.0), 1e-12));
  EXPECT_EQ(close.verdict, Verdict::holds);
  EXPECT_EQ(judge("c", row({0.5, 0.5, 0.9}), row({0.4, 0.6, 0.6})).verdict, Verdict::fails);
  EXPECT_EQ(judge("c", row({0.4, 0.5}), row({0.5, 0.6})).verdict, Verdict::fails);
  EXPECT_EQ(judge("c", row({0.5, 0.5}), row({0.5, 0.5})).verdict, Verdict::fails);
  EXPECT_EQ(judge("c", row({0.6, 0.6}), row({0.5, 0.5})).verdict, Verdict::holds);
  EXPECT_EQ(judge("c", row({0.9}), row({0.1})).verdict, Verdict::undecided);
}

TEST(Claims, LieWithinBoundsTwoStandardErrorsAway) {
  // Differences 0.1, 0.2, 0.3: mean 0.2, standard error 0.058.
  const Row larger = row({0.5, 0.7, 0.9});
  const Row smaller = row({0.4, 0.5, 0.6});
  const auto verdict = [&](double low, double high) {
    return judge_difference("c", larger, smaller, {.low = low, .high = high}).verdict;
  };
  EXPECT_EQ(verdict(0.08, 0.32), Verdict::holds);
  EXPECT_EQ(verdict(0.09, 0.32), Verdict::fails);
  EXPECT_EQ(verdict(0.08, 0.31), Verdict::fails);
  EXPECT_EQ(judge_value("c", row({0.1, 0.2, 0.3}), {.low = 0.08}).verdict, Verdict::holds);
  EXPECT_EQ(judge_value("c", row({0.1, 0.2, 0.3}), {.high = 0.31}).verdict, Verdict::fails);
  EXPECT_EQ(judge_value("c", row({0.1}), {.high = 0.3}).verdict, Verdict::undecided);
}

TEST(Claims, ThatHoldAlwaysHoldForEverySeed) {
  EXPECT_EQ(judge_always("c", row({0.5, 0.6}), row({0.5, 0.5})).verdict, Verdict::holds);
  EXPECT_EQ(judge_always("c", row({0.9, 0.4}), row({0.1, 0.5})).verdict, Verdict::fails);
  EXPECT_EQ(judge_always("c", row({0.4}), row({0.5})).verdict, Verdict::fails);
}

TEST(PlainTables, HaveAColumnForEveryMetric) {
  Results results("soups", {0, 1});
  for (const double value : {0.25, 0.75}) {
    results.add("E1", "geometry", "", "angle_mean", 100 * value);
    results.add("E1", "single", "", "id", value);
    results.add("E1", "single", "", "ood", value / 2);
    results.add("E1", "stock_2", "", "id", 1);
    results.add("E1", "stock_2", "", "ood", 1);
    results.add("E7", "weights", "scale=10", "id", value);
  }
  const std::string text = plain_tables(results);
  EXPECT_THAT(text, HasSubstr("50.000 +- 35.355"));
  EXPECT_THAT(text, HasSubstr("0.500 +- 0.354"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3 * 3 + 4);
  EXPECT_LT(text.find("ood"), text.find("stock_2"));
  EXPECT_EQ(text.find("ood"), text.rfind("ood"));
}

TEST(Claims, SayThatTheyFail) {
  EXPECT_THAT(claim_lines({judge("more is better", row({0.1, 0.1}), row({0.2, 0.2}))}),
              HasSubstr("more is better"));
  EXPECT_THAT(claim_lines({judge("more is better", row({0.1, 0.1}), row({0.2, 0.2}))}), HasSubstr("FAILS"));
  EXPECT_THAT(claim_lines({judge("more is better", row({0.2}), row({0.1}))}), HasSubstr("undecided"));
}

TEST(ResultsFile, KeepsOrderAndValues) {
  Results results("compositional", {0, 1});
  for (const double value : {0.25, 0.1}) {
    results.add("E3", "average", "", "held_in", value);
    results.add("E3", "average", "", "generalization", value / 2);
    results.add("E4", "average", "n=2", "held_in", 1);
  }
  const nlohmann::json json = nlohmann::json::parse(results.json());
  EXPECT_EQ(json.size(), 3u);
  EXPECT_EQ(json.at("experiment"), "compositional");
  EXPECT_EQ(json.at("seeds"), (std::vector<int>{0, 1}));
  ASSERT_EQ(json.at("rows").size(), 3u);
  EXPECT_EQ(json.at("rows")[0], (nlohmann::json{{"table", "E3"},
                                                {"method", "average"},
                                                {"setting", ""},
                                                {"metric", "held_in"},
                                                {"values", {0.25, 0.1}}}));
  EXPECT_EQ(json.at("rows")[2].at("setting"), "n=2");
  EXPECT_EQ(results.at("E3", "average", "", "generalization").values, (std::vector<double>{0.125, 0.05}));
  EXPECT_THROW((void)results.at("E3", "average", "n=2", "held_in"), std::out_of_range);
}

TEST(Grids, HaveEveryCombination) {
  std::vector<std::string> settings;
  for (const Candidate& candidate : combinations({{"a", {"1", "2"}}, {"b", {"x", "y"}}})) {
    settings.push_back(candidate.setting());
  }
  EXPECT_THAT(settings, ElementsAre("a=1 b=x", "a=1 b=y", "a=2 b=x", "a=2 b=y"));
}

TEST(Grids, EveryMethodHasItsOwnNameAndAFormulaForItsCost) {
  for (const Effort effort : {Effort::quick, Effort::full}) {
    std::set<std::string> names;
    for (const MethodGrid& grid : method_grids(effort)) {
      EXPECT_TRUE(names.insert(grid.name).second) << grid.name;
      ASSERT_FALSE(grid.candidates.empty()) << grid.name;
      for (const Candidate& candidate : grid.candidates) {
        EXPECT_GT(merge_flops(grid, candidate, 5), 0) << grid.name;
      }
    }
  }
}

TEST(Grids, ValidationChoosesAndTheFirstOfEquals) {
  const auto outcome = [](double validation, double held_in) {
    return Outcome{.candidate = {}, .scores = {.validation = validation, .held_in = held_in}, .cost = {}};
  };
  const std::vector<Outcome> outcomes{outcome(0.5, 0.9), outcome(0.8, 0.1), outcome(0.8, 0.7)};
  EXPECT_EQ(best(outcomes).scores.held_in, 0.1);
}

TEST(Flops, FollowTheFormulas) {
  const double merged = 65 * 128 + 129 * 64;  // the head is not
  const std::vector<MethodGrid> grids = method_grids(Effort::quick);
  EXPECT_EQ(merge_flops(grids[0], grids[0].candidates[0], 5), 5 * merged);
  const double all = merged + 65 * 10;
  EXPECT_EQ(statistics_flops(Statistic::none, 10), 0);
  EXPECT_EQ(statistics_flops(Statistic::gram, 10),
            10 * (4 * all + 64 * 64 + 2 * 128 * 128 + 2 * 64 * 64 + 10 * 10));
}

}  // namespace
}  // namespace stockpot::reproduce
