#include "stockpot/soup/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "stockpot/base/error.hpp"
#include "unit/soup/search_driver.hpp"

namespace stockpot::soup::testing {
namespace {

TraceEntry example() {
  TraceEntry entry;
  entry.number = 5;
  entry.phase = Phase::attempt;
  entry.candidate.ingredients = {2, 0};
  entry.outcome = accuracy(0.81);
  entry.outcome.seconds = 0.04;
  entry.outcome.worker = 1;
  entry.score = 0.81;
  entry.best = 0.81;
  entry.decision = Decision::accepted;
  entry.reason = "0.81 > 0.8";
  return entry;
}

void expect_refused(const std::string& text, const std::string& part) {
  try {
    read_trace(text, 3, "soup_trace.jsonl");
    ADD_FAILURE() << "accepted: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::input);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("soup_trace.jsonl"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr(part));
  }
}

TEST(Trace, LineIsTheContracts) {
  EXPECT_EQ(to_json(example(), 3).dump(),
            R"({"candidate":5,"phase":"try","ingredients":[2,0],"coefficients":[0.5,0.0,0.5],)"
            R"("metrics":{"accuracy":0.81},"score":0.81,"best":0.81,"decision":"accepted",)"
            R"("reason":"0.81 > 0.8","attempts":1,"seconds":0.04,"worker":1})");
}

TEST(Trace, LineOfASearchHasParametersAndOfAFailureNulls) {
  TraceEntry entry;
  entry.phase = Phase::search;
  entry.candidate.parameters = {{"lambda", 0.5}, {"weight@1", 1.0}};
  entry.outcome = failure("exit 3: no data");
  entry.decision = Decision::failed;
  entry.reason = entry.outcome.failure;
  EXPECT_EQ(to_line(entry, 3),
            R"({"candidate":0,"phase":"search","parameters":{"lambda":0.5,"weight@1":1.0},"metrics":{},)"
            R"("score":null,"best":null,"decision":"failed","reason":"exit 3: no data","attempts":2,)"
            R"("seconds":0.0,"worker":0})");
}

TEST(Trace, FinalLinesSayWhatTheyAreAbout) {
  TraceEntry entry = example();
  entry.phase = Phase::final;
  entry.decision = Decision::final;
  entry.reported = recipe::Reported::uniform;
  entry.geometry = SoupGeometry{2.5, {1.0, 0.5, 0.0}};
  const std::string uniform = to_line(entry, 3);
  EXPECT_THAT(uniform, ::testing::HasSubstr(
                           R"("phase":"final","reported":"uniform","ingredients":[2,0],)"
                           R"("coefficients":[0.5,0.0,0.5],"norm":2.5,"cosines":[1.0,0.5,0.0],"metrics")"));
  entry.reported = recipe::Reported::ensemble;
  entry.geometry.reset();
  const std::string ensemble = to_line(entry, 3);
  EXPECT_THAT(ensemble, ::testing::HasSubstr(R"("reported":"ensemble","ingredients":[2,0],"metrics")"));
  const std::vector<StoredEvaluation> stored = read_trace(uniform + "\n" + ensemble + "\n", 3, "trace");
  ASSERT_EQ(stored.size(), 2u);
  EXPECT_EQ(stored[0].reported, recipe::Reported::uniform);
  EXPECT_EQ(stored[1].reported, recipe::Reported::ensemble);
}

TEST(Trace, ReadsBackExactly) {
  std::string text;
  std::vector<TraceEntry> entries;
  const double awkward = 0.1 + 0.2;
  for (std::uint64_t i = 0; i < 200; ++i) {
    TraceEntry entry = example();
    entry.number = i;
    entry.phase = i % 2 == 0 ? Phase::search : Phase::rank;
    if (i % 2 == 0)
      entry.candidate = {.ingredients = {}, .parameters = {{"t~mlp", awkward / static_cast<double>(i + 1)}}};
    entry.outcome = accuracy(awkward * static_cast<double>(i) / 7.0);
    entry.outcome.seconds = awkward * 1e-5;
    if (i % 5 == 0) {
      entry.outcome = failure("output: \"quoted\"\n\ttext");
      entry.decision = Decision::failed;
      entry.reason = entry.outcome.failure;
    }
    entries.push_back(entry);
    text += to_line(entry, 3) + "\n";
  }
  const std::vector<StoredEvaluation> stored = read_trace(text, 3, "trace");
  ASSERT_EQ(stored.size(), entries.size());
  for (std::size_t i = 0; i < stored.size(); ++i) {
    EXPECT_EQ(stored[i].number, entries[i].number);
    EXPECT_EQ(stored[i].phase, entries[i].phase);
    EXPECT_EQ(stored[i].candidate, entries[i].candidate);
    EXPECT_EQ(stored[i].outcome.metrics, entries[i].outcome.metrics);
    EXPECT_EQ(stored[i].outcome.failure, entries[i].outcome.failure);
    EXPECT_EQ(stored[i].outcome.attempts, entries[i].outcome.attempts);
    EXPECT_EQ(stored[i].outcome.seconds, entries[i].outcome.seconds);
    EXPECT_EQ(stored[i].outcome.worker, entries[i].outcome.worker);
  }
}

TEST(Trace, ASearchThatReadsItsTraceEndsAlike) {
  recipe::Search options;
  options.strategy = recipe::Strategy::greedy;
  const Evaluations evaluate = arbitrary(4, 1000, 0.1);
  const auto first = make_search(options, by_accuracy(), 6, 0);
  std::string text;
  for (const std::string& line : run_alone(*first, evaluate, 6)) text += line + "\n";
  const auto second = make_search(options, by_accuracy(), 6, 0);
  std::string again;
  for (const StoredEvaluation& stored : read_trace(text, 6, "trace")) {
    ASSERT_EQ(second->next(), stored.candidate);
    again += to_line(second->take(stored.outcome), 6) + "\n";
  }
  EXPECT_EQ(again, text);
  EXPECT_FALSE(second->next());
}

TEST(Trace, IgnoresATornLastLine) {
  const std::string whole = to_line(example(), 3);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(read_trace(whole + "\n" + whole.substr(0, length), 3, "trace").size(), 1u) << length;
  }
  EXPECT_EQ(read_trace(whole + "\n" + whole, 3, "trace").size(), 2u);
  EXPECT_TRUE(read_trace("", 3, "trace").empty());
}

TEST(Trace, RefusesOtherLinesWithTheirNumber) {
  const std::string whole = to_line(example(), 3);
  expect_refused(whole + "\n" + whole.substr(0, 30) + "\n", "line 2 ");
  expect_refused(whole + "\n\n", "line 2 ");
  expect_refused("[1]\n", "not a JSON object");
  const auto changed = [&](const char* key, const nlohmann::json& value) {
    nlohmann::json line = nlohmann::json::parse(whole);
    line[key] = value;
    return line.dump() + "\n";
  };
  expect_refused(changed("candidate", -1), "'candidate'");
  expect_refused(changed("phase", "tyr"), "'tyr'");
  expect_refused(changed("ingredients", {2, 3}), "ingredient 3");
  expect_refused(changed("ingredients", {2, 2}), "ingredient 2");
  expect_refused(changed("ingredients", nlohmann::json::array()), "'ingredients'");
  expect_refused(changed("metrics", {{"accuracy", nullptr}}), "'metrics'");
  expect_refused(changed("seconds", "0.1"), "'seconds'");
  expect_refused(changed("attempts", 1.5), "'attempts'");
  nlohmann::json line = nlohmann::json::parse(whole);
  line.erase("reason");
  line["decision"] = "failed";
  expect_refused(line.dump() + "\n", "'reason' is missing");
}

TEST(Trace, LeavesLearnedSoupsToThemselves) {
  const std::string text =
      R"({"candidate": 0, "phase": "learn", "loss": 2.3, "alpha": [[0.5, 0.5]], "beta": 1.0})"
      "\n"
      R"({"candidate": 1, "phase": "final", "coefficients": {"a": [0.5, 0.5]}})"
      "\n";
  EXPECT_TRUE(read_trace(text, 3, "trace").empty());
}

}  // namespace
}  // namespace stockpot::soup::testing
