#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockpot/base/error.hpp"
#include "unit/soup/search_driver.hpp"

namespace stockpot::soup::testing {
namespace {

using ::testing::ElementsAre;

struct Options {
  bool accepts_equal = false;
  bool last_first = true;
};

/// Greedy soups as their authors describe them, on scores alone: one list of pairs, no states.
struct Oracle {
  std::vector<std::uint64_t> soup;
  double best = 0.0;
  std::uint64_t evaluations = 0;

  Oracle(std::uint64_t models, const Evaluations& evaluate, const Options& options) {
    std::vector<std::pair<double, std::uint64_t>> pool;
    for (std::uint64_t model = 0; model < models; ++model) {
      const Outcome alone = evaluate({.ingredients = {model}, .parameters = {}});
      ++evaluations;
      if (alone.failure.empty()) pool.emplace_back(alone.metrics.at("accuracy"), model);
    }
    while (!pool.empty()) {
      std::size_t pick = 0;
      for (std::size_t i = 1; i < pool.size(); ++i) {
        const bool is_equal = pool[i].first == pool[pick].first;
        if (pool[i].first > pool[pick].first || (is_equal && options.last_first)) pick = i;
      }
      const auto [single, model] = pool[pick];
      pool.erase(pool.begin() + static_cast<std::ptrdiff_t>(pick));
      if (soup.empty()) {
        soup = {model};
        best = single;
        continue;
      }
      Candidate with{.ingredients = soup, .parameters = {}};
      with.ingredients.push_back(model);
      const Outcome outcome = evaluate(with);
      ++evaluations;
      if (!outcome.failure.empty()) continue;
      const double score = outcome.metrics.at("accuracy");
      if (score > best || (options.accepts_equal && score == best)) {
        soup = with.ingredients;
        best = score;
      }
    }
  }
};

std::unique_ptr<Search> greedy(std::uint64_t models, const Options& options = {},
                               const recipe::Evaluate& evaluate = by_accuracy()) {
  recipe::Search search;
  search.strategy = recipe::Strategy::greedy;
  search.accepts_equal = options.accepts_equal;
  search.last_first = options.last_first;
  return make_search(search, evaluate, models, 0);
}

TEST(Greedy, IsTheOraclesForAnyMetric) {
  std::uint64_t soups = 0;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    const Options options{.accepts_equal = seed % 2 == 1, .last_first = seed % 4 < 2};
    const std::uint64_t models = 1 + seed % 9;
    // Few values: ties abound.
    const Evaluations evaluate = arbitrary(seed, seed % 3 == 0 ? 3 : 1000, seed % 5 == 0 ? 0.3 : 0.0);
    const Oracle oracle(models, evaluate, options);
    const auto search = greedy(models, options);
    if (oracle.soup.empty()) {
      EXPECT_THROW(run_alone(*search, evaluate, models), Error) << seed;
      continue;
    }
    TraceEntry last;
    std::uint64_t lines = 0;
    while (const auto candidate = search->next()) {
      last = search->take(evaluate(*candidate));
      EXPECT_EQ(last.number, lines++);
    }
    EXPECT_EQ(search->winner().ingredients, oracle.soup) << seed;
    EXPECT_EQ(last.best, oracle.best) << seed;
    EXPECT_EQ(lines, oracle.evaluations) << seed;
    if (oracle.soup.size() > 1) ++soups;
  }
  EXPECT_GT(soups, 100u);
}

TEST(Greedy, TraceIsThatOfOneEvaluatorForAnyNumberOfThem) {
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    const Options options{.accepts_equal = seed % 2 == 1, .last_first = seed % 4 < 2};
    const std::uint64_t models = 2 + seed % 9;
    const Evaluations evaluate = arbitrary(seed, seed % 3 == 0 ? 4 : 1000, seed % 5 == 0 ? 0.2 : 0.0);
    if (Oracle(models, evaluate, options).soup.empty()) continue;
    const auto alone = greedy(models, options);
    const std::vector<std::string> lines = run_alone(*alone, evaluate, models);
    for (const std::size_t workers : {1u, 2u, 4u, 8u}) {
      const auto ahead = greedy(models, options);
      const Speculation speculation = run_ahead(*ahead, evaluate, models, workers, seed);
      EXPECT_EQ(speculation.lines, lines) << seed << " with " << workers;
      EXPECT_EQ(ahead->winner(), alone->winner());
      EXPECT_GE(speculation.evaluations, lines.size());
      EXPECT_TRUE(workers > 1 || speculation.evaluations == lines.size());
    }
  }
}

TEST(Greedy, ForeseesThatTriesGoOnAsTheyWent) {
  const std::uint64_t models = 16;
  const auto unknown = [](const Foreseen&) { return nullptr; };
  for (const bool helps : {false, true}) {
    const auto search = greedy(models);
    EXPECT_EQ(foresee(*search, 1, unknown).front().candidate, search->next());
    for (std::uint64_t i = 0; i < models; ++i) search->take(accuracy(0.5));
    search->take(accuracy(helps ? 0.6 : 0.4));
    const std::vector<Foreseen> ahead = foresee(*search, 100, unknown);
    ASSERT_EQ(ahead.size(), models - 2);
    EXPECT_EQ(ahead.front().candidate, search->next());
    for (std::size_t i = 0; i < ahead.size(); ++i) {
      EXPECT_EQ(ahead[i].steps, i);
      EXPECT_EQ(ahead[i].candidate.ingredients.size(), helps ? i + 3 : 2u);
      EXPECT_EQ(ahead[i].candidate.ingredients.back(), models - 3 - i);
    }
    EXPECT_EQ(foresee(*search, 5, unknown).size(), 5u);
  }
}

TEST(Greedy, AsksForTheModelListedLastAmongEqualOnes) {
  for (const bool last_first : {true, false}) {
    const auto search = greedy(3, {.accepts_equal = false, .last_first = last_first});
    for (const double score : {0.5, 0.7, 0.7}) search->take(accuracy(score));
    if (last_first) {
      EXPECT_THAT(search->next()->ingredients, ElementsAre(2, 1));
    } else {
      EXPECT_THAT(search->next()->ingredients, ElementsAre(1, 2));
    }
  }
}

TEST(Greedy, SaysWhatItDecidedAndWhy) {
  const auto search = greedy(3);
  const TraceEntry first = search->take(accuracy(0.8));
  EXPECT_EQ(first.phase, Phase::rank);
  EXPECT_EQ(first.decision, Decision::ranked);
  EXPECT_EQ(first.best, 0.8);
  const TraceEntry failed = search->take(failure("timeout: 600 s"));
  EXPECT_EQ(failed.decision, Decision::failed);
  EXPECT_EQ(failed.reason, "timeout: 600 s");
  EXPECT_EQ(failed.score, std::nullopt);
  EXPECT_EQ(failed.best, 0.8);
  search->take(accuracy(0.75));
  const TraceEntry accepted = search->take(accuracy(0.81));
  EXPECT_EQ(accepted.phase, Phase::attempt);
  EXPECT_THAT(accepted.candidate.ingredients, ElementsAre(0, 2));
  EXPECT_EQ(accepted.decision, Decision::accepted);
  EXPECT_EQ(accepted.reason, "0.81 > 0.8");
  EXPECT_EQ(accepted.best, 0.81);
  EXPECT_FALSE(search->next());
  EXPECT_THAT(search->winner().ingredients, ElementsAre(0, 2));
}

TEST(Greedy, TakesAnEqualScoreOnlyWhenTold) {
  for (const bool accepts_equal : {false, true}) {
    const auto search = greedy(2, {.accepts_equal = accepts_equal});
    search->take(accuracy(0.5));
    search->take(accuracy(0.25));
    const TraceEntry entry = search->take(accuracy(0.5));
    EXPECT_EQ(entry.decision, accepts_equal ? Decision::accepted : Decision::rejected);
    EXPECT_EQ(entry.reason, accepts_equal ? "0.5 >= 0.5" : "0.5 <= 0.5");
  }
}

TEST(Greedy, EndsTheJobWithoutAnyUsableScore) {
  const auto search = greedy(2);
  EXPECT_EQ(search->take(failure("exit 1")).decision, Decision::failed);
  EXPECT_THROW(
      {
        try {
          search->take(failure("metric: accuracy is NaN"));
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ExitCode::input);
          EXPECT_THAT(error.what(), ::testing::HasSubstr("accuracy is NaN"));
          throw;
        }
      },
      Error);
}

TEST(Greedy, EndsTheJobAtAFailureOnRequest) {
  recipe::Evaluate evaluate = by_accuracy();
  evaluate.fails_job = true;
  const auto search = greedy(3, {}, evaluate);
  for (const double score : {0.5, 0.6, 0.4}) search->take(accuracy(score));
  // What lies behind a failure isn't foreseen, and foreseeing one ends nothing.
  const Outcome broken = failure("signal 9");
  EXPECT_TRUE(foresee(*search, 4, [&](const Foreseen&) { return &broken; }).empty());
  EXPECT_THROW(
      {
        try {
          search->take(broken);
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ExitCode::input);
          EXPECT_THAT(error.what(), ::testing::HasSubstr("candidate 3 (models 1, 0)"));
          EXPECT_THAT(error.what(), ::testing::HasSubstr("signal 9"));
          throw;
        }
      },
      Error);
}

}  // namespace
}  // namespace stockpot::soup::testing
