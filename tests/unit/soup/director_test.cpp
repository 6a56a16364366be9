#include "soup/director.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "search_driver.hpp"
#include "stockpot/base/error.hpp"
#include "support/output_tensors.hpp"
#include "support/temporary_folder.hpp"
#include "unit/soup/space_entries.hpp"

namespace stockpot::soup {
namespace {

constexpr std::uint64_t models = 7;

class Directors : public ::testing::TestWithParam<recipe::Strategy> {
 protected:
  [[nodiscard]] static std::unique_ptr<Search> search() {
    recipe::Search how;
    how.strategy = GetParam();
    how.space = {testing::range("lambda", 0.0, 1.0), testing::list("t", {0.0, 0.5, 1.0})};
    how.budget = 40;
    return make_search(how, testing::by_accuracy(), models, 0);
  }
  /// Lets up to `workers` evaluations run, which end in random order, until `most` have; how many began.
  std::uint64_t run(std::size_t workers, std::uint64_t most) {
    TraceFile trace(path, models);
    Director director(search(), trace);
    std::vector<PlannedEvaluation> running;
    std::uint64_t begun = 0;
    while (!director.is_over() && most > 0) {
      while (running.size() < workers) {
        const auto next = director.begin_next(workers);
        if (!next) break;
        running.push_back(*next);
        ++begun;
      }
      EXPECT_FALSE(running.empty());
      const std::size_t ended = random() % running.size();
      const PlannedEvaluation evaluation = running[ended];
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(ended));
      Outcome outcome = outcomes(evaluation.candidate);
      // As of a program that goes by the number that it is told.
      if (outcome.is_usable())
        outcome.metrics["accuracy"] += 1e-3 * static_cast<double>(evaluation.number % 3);
      director.learn(evaluation, outcome);
      --most;
    }
    return begun;
  }
  [[nodiscard]] std::vector<StoredEvaluation> stored() const {
    return read_trace(stockpot::test::read_file(path), models, "trace");
  }

  stockpot::test::TemporaryFolder folder;
  std::filesystem::path path = folder / "trace.jsonl";
  std::mt19937_64 random{3};
  testing::Evaluations outcomes = testing::arbitrary(5, 12, 0.1);
};

TEST_P(Directors, WriteOneTraceHoweverManyEvaluateAtATime) {
  std::string expected;
  for (const std::size_t workers : {1U, 2U, 4U, 8U}) {
    for (int repetition = 0; repetition < 20; ++repetition) {
      std::filesystem::remove(path);
      const std::uint64_t begun = run(workers, 1000);
      const std::string text = stockpot::test::read_file(path);
      if (expected.empty()) expected = text;
      EXPECT_EQ(text, expected);
      // A generation of CMA-ES is known before it is scored.
      if (workers == 1 || GetParam() == recipe::Strategy::cmaes) {
        EXPECT_EQ(begun, stored().size());
      }
    }
  }
}

TEST_P(Directors, GoOnFromATraceAndEvaluateNothingTwice) {
  run(1, 1000);
  const std::string whole = stockpot::test::read_file(path);
  const std::uint64_t evaluations = stored().size();
  for (std::uint64_t done = 0; done <= evaluations; ++done) {
    std::filesystem::remove(path);
    EXPECT_EQ(run(1, done), done);
    std::ofstream(path, std::ios::app) << "{\"candidate\": 3, \"pha";  // its writer died there
    EXPECT_EQ(run(1, 1000), evaluations - done);
    EXPECT_EQ(stockpot::test::read_file(path), whole);
  }
}

INSTANTIATE_TEST_SUITE_P(Searches, Directors,
                         ::testing::Values(recipe::Strategy::greedy, recipe::Strategy::cmaes,
                                           recipe::Strategy::nlopt));

class GreedyDirectors : public Directors {};

TEST_P(GreedyDirectors, RefuseATraceOfAnotherSearch) {
  run(1, 4);
  std::string text = stockpot::test::read_file(path);
  text.replace(text.find("\"ingredients\":[0]"), 17, "\"ingredients\":[1]");
  std::ofstream(path) << text;
  EXPECT_THROW(run(1, 1000), Error);
}

INSTANTIATE_TEST_SUITE_P(Searches, GreedyDirectors, ::testing::Values(recipe::Strategy::greedy));

}  // namespace
}  // namespace stockpot::soup
