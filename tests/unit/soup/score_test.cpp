#include <gtest/gtest.h>

#include <limits>

#include "stockpot/base/error.hpp"
#include "unit/soup/search_driver.hpp"

namespace stockpot::soup::testing {
namespace {

std::unique_ptr<Search> uniform(const recipe::Evaluate& evaluate, std::uint64_t models = 3) {
  recipe::Search search;
  search.strategy = recipe::Strategy::uniform;
  return make_search(search, evaluate, models, 0);
}

Outcome metrics(std::map<std::string, double> values) {
  Outcome outcome;
  outcome.metrics = std::move(values);
  return outcome;
}

TEST(Score, IsTheWeightedSum) {
  recipe::Evaluate evaluate;
  evaluate.metrics = {{"accuracy", 1.0}, {"loss", -0.5}, {"seen", 0.0}};
  const Outcome outcome = metrics({{"accuracy", 0.75}, {"loss", 0.25}, {"seen", 3.0}});
  EXPECT_EQ(uniform(evaluate)->take(outcome).score, 0.625);
  evaluate.minimizes = true;
  EXPECT_EQ(uniform(evaluate)->take(outcome).score, -0.625);
}

TEST(Score, UniformAsksOnceForAllModels) {
  const auto search = uniform(by_accuracy());
  EXPECT_EQ(search->next()->ingredients, (std::vector<std::uint64_t>{0, 1, 2}));
  const TraceEntry entry = search->take(accuracy(0.5));
  EXPECT_EQ(entry.phase, Phase::search);
  EXPECT_EQ(entry.decision, Decision::accepted);
  EXPECT_EQ(entry.best, 0.5);
  EXPECT_FALSE(search->next());
  EXPECT_EQ(search->winner().ingredients.size(), 3u);
  EXPECT_THROW(uniform(by_accuracy())->take(failure("exit 1")), Error);
}

TEST(Score, ThatIsNoNumberIsAFailure) {
  recipe::Evaluate evaluate;
  evaluate.metrics = {{"accuracy", 1e300}, {"loss", 1.0}};
  recipe::Search search;
  search.strategy = recipe::Strategy::greedy;
  const auto greedy = make_search(search, evaluate, 3, 0);
  const TraceEntry overflow = greedy->take(metrics({{"accuracy", 1e300}, {"loss", 0.0}}));
  EXPECT_EQ(overflow.decision, Decision::failed);
  EXPECT_EQ(overflow.reason, "metric: the score is not finite");
  EXPECT_TRUE(overflow.outcome.metrics.empty());
  const TraceEntry missing = greedy->take(accuracy(1.0));
  EXPECT_EQ(missing.reason, "metric: loss is missing");
}

TEST(Score, ASearchNeedsModels) {
  EXPECT_THROW(uniform(by_accuracy(), 0), Error);
  recipe::Search search;
  search.strategy = recipe::Strategy::learned;
  EXPECT_THROW(make_search(search, by_accuracy(), 2, 0), Error);
}

}  // namespace
}  // namespace stockpot::soup::testing
