#include "soup/learned_trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "stockpot/base/error.hpp"
#include "stockpot/io/file.hpp"
#include "support/temporary_folder.hpp"

namespace stockpot::soup::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const CoefficientGroups groups{{"a", "b"}, {}};
const LearnedParameters before{{0.1, 0.2, 1.0 / 3, 0.4}, 1.5};
const LearnedGradient gradient{0.75, {1, -1, 1e-300, 2}, -0.5};

TEST(LearnedTrace, LinesAreTheContracts) {
  EXPECT_EQ(
      learn_line(0, groups, before, gradient, false, 0.25),
      R"({"candidate":0,"phase":"learn","groups":["a","b"],"loss":0.75,)"
      R"("alpha":[[0.1,0.2],[0.3333333333333333,0.4]],"beta":1.5,"decision":"step","seconds":0.25,"worker":0})");
  EXPECT_EQ(learn_line(3, groups, before, gradient, true, 0.25),
            R"({"candidate":3,"phase":"learn","loss":0.75,"alpha":[[0.1,0.2],[0.3333333333333333,0.4]],)"
            R"("beta":1.5,"gradient":[[1.0,-1.0],[1e-300,2.0]],"gradient_beta":-0.5,"decision":"step",)"
            R"("seconds":0.25,"worker":0})");
}

TEST(LearnedTrace, LastLineHasTheCoefficientsAndItsReadersKnowIt) {
  TraceEntry entry;
  entry.number = 4;
  entry.phase = Phase::final;
  entry.decision = Decision::final;
  entry.outcome.metrics = {{"accuracy", 0.5}};
  entry.score = 0.5;
  entry.best = 0.75;
  const std::string line = final_line(entry, {{{"a", {0.25, 0.75}}, {"b", {1, 0}}}, 1.5});
  EXPECT_EQ(line,
            R"({"candidate":4,"phase":"final","coefficients":{"a":[0.25,0.75],"b":[1.0,0.0]},"beta":1.5,)"
            R"("metrics":{"accuracy":0.5},"score":0.5,"best":0.75,"decision":"final","reason":"",)"
            R"("attempts":1,"seconds":0.0,"worker":0})");
  const std::string text = learn_line(0, groups, before, gradient, true, 0) + "\n" + line + "\n";
  EXPECT_TRUE(read_trace(text, 2, "soup_trace.jsonl").empty());
}

TEST(LearnedTrace, GradientsReadBackExactlyAndOthersAreRefused) {
  const LearnedGradient read = gradient_of(to_line(gradient), 4, "g.jsonl");
  EXPECT_EQ(read.loss, gradient.loss);
  EXPECT_EQ(read.alpha, gradient.alpha);
  EXPECT_EQ(read.beta, gradient.beta);
  for (const std::string& wrong : {to_line({0.5, {1, 2}, 0}), std::string("{}"), std::string("not JSON")}) {
    try {
      gradient_of(wrong, 4, "g.jsonl");
      ADD_FAILURE() << "accepted: " << wrong;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::input);
      EXPECT_THAT(error.what(), HasSubstr("g.jsonl"));
    }
  }
}

TEST(LearnedTrace, GoesOnBehindTheLastWholeLine) {
  const stockpot::test::TemporaryFolder folder;
  const Digest data = digest_of("examples");
  const std::string first = learn_line(0, groups, before, gradient, false, 0.25);
  const std::string second = learn_line(1, groups, before, gradient, false, 0.5);
  io::write_text(folder / "t.jsonl", first + "\n" + second.substr(0, 30), false);
  {
    LearnedTrace trace(folder / "t.jsonl", folder / "g.jsonl", data);
    EXPECT_EQ(trace.remembered(), 1U);
    EXPECT_FALSE(trace.line(1));
    trace.add(0, learn_line(0, groups, before, gradient, false, 9));  // but for seconds the same
    trace.add_gradient(gradient);
    trace.add(1, second);
  }
  EXPECT_EQ(io::read_text(folder / "t.jsonl", 4096), first + "\n" + second + "\n");
  LearnedTrace again(folder / "t.jsonl", folder / "g.jsonl", data);
  EXPECT_EQ(again.remembered(), 2U);
  EXPECT_EQ(again.gradients(), to_line(gradient) + "\n");
  try {
    again.add(1, learn_line(1, groups, before, {0.5, gradient.alpha, 0}, false, 0.5));
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::input);
    EXPECT_THAT(error.what(), HasSubstr("line 2"));
  }
  try {
    const LearnedTrace other(folder / "t.jsonl", folder / "g.jsonl", digest_of("other examples"));
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_THAT(error.what(), HasSubstr("other examples"));
  }
}

}  // namespace
}  // namespace stockpot::soup::testing
