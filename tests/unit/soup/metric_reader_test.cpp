#include "soup/metric_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "soup/output_tail.hpp"

namespace stockpot::soup {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const std::map<std::string, double> accuracy = {{"accuracy", 1.0}};

std::string failure_of(std::string_view line) {
  const Reading reading = read_metrics(line, accuracy, std::nullopt);
  EXPECT_EQ(reading.failure.empty(), !reading.metrics.empty()) << line;
  EXPECT_EQ(reading.failure.find('\n'), std::string::npos);
  return reading.failure;
}

TEST(MetricReader, TakesWhatWasAskedForAndNothingElse) {
  const Reading reading =
      read_metrics(R"({"loss": -2, "accuracy": 0.8125, "name": "a", "more": [{"accuracy": 3}], "no": null})",
                   {{"accuracy", 1.0}, {"loss", -0.1}}, std::nullopt);
  EXPECT_THAT(reading.failure, IsEmpty());
  EXPECT_EQ(reading.metrics, (std::map<std::string, double>{{"accuracy", 0.8125}, {"loss", -2.0}}));
}

TEST(MetricReader, NumbersOfEveryForm) {
  const std::map<std::string, double> forms = {{"0", 0.0},
                                               {"-0.0", -0.0},
                                               {"7", 7.0},
                                               {"1e-3", 1e-3},
                                               {"18446744073709551615", 18446744073709551615.0},
                                               {"-9223372036854775808", -9223372036854775808.0},
                                               {"123456789012345678901234", 123456789012345678901234.0}};
  for (const auto& [text, value] : forms) {
    const Reading reading = read_metrics("{\"accuracy\":" + text + "}", accuracy, std::nullopt);
    ASSERT_THAT(reading.failure, IsEmpty()) << text;
    EXPECT_EQ(reading.metrics.at("accuracy"), value) << text;
  }
}

TEST(MetricReader, RefusesAMetricThatIsNoFiniteNumber) {
  for (const char* value : {"\"0.5\"", "null", "true", "[0.5]", "{}", "NaN", "nan", "Infinity", "-Infinity",
                            "inf", "-nan", "1e999", "-1e999"}) {
    EXPECT_THAT(failure_of(std::string("{\"accuracy\": ") + value + "}"), StartsWith("metric: 'accuracy' is"))
        << value;
  }
  EXPECT_EQ(failure_of("{}"), "metric: 'accuracy' is missing");
  EXPECT_EQ(failure_of(R"({"Accuracy": 1})"), "metric: 'accuracy' is missing");
  EXPECT_EQ(failure_of(R"({"inner": {"accuracy": 1}})"), "metric: 'accuracy' is missing");
}

TEST(MetricReader, RefusesWhatIsNoJsonObject) {
  for (const char* line :
       {"", "0.5", "[0.5]", "\"accuracy\"", "null", "accuracy: 0.5", "{'accuracy': 0.5}",
        "{\"accuracy\": 0.5", "{\"accuracy\": 0.5,}", "{\"accuracy\": 0.5} {}", "{\"accuracy\": 0.5} // good",
        "{\"accuracy\": .5}", "{\"accuracy\": 0,5}", "{\"accuracy\": 0.5, \"loss\": NaN}",
        "{\"list\": [NaN], \"accuracy\": 0.5}", "{\"a\": \"\xff\", \"accuracy\": 0.5}", "\xef\xbb\xbf"}) {
    EXPECT_THAT(failure_of(line), StartsWith("output: not ")) << line;
  }
}

TEST(MetricReader, RefusesTwoValuesForOneName) {
  EXPECT_THAT(failure_of(R"({"accuracy": 0.5, "accuracy": 0.6})"), StartsWith("output: a key stands twice"));
}

TEST(MetricReader, DeepNestingIsHarmless) {
  const std::string brackets(200000, '[');
  EXPECT_THAT(failure_of("{\"accuracy\": " + brackets), StartsWith("output: not JSON"));
  EXPECT_THAT(failure_of("{\"accuracy\": 1, \"b\": " + brackets + std::string(200000, ']') + "}"), IsEmpty());
}

TEST(MetricReader, QuotesBrokenOutputInOneLine) {
  EXPECT_THAT(failure_of("a\x1b[0m\nb"), HasSubstr("'a\\x1b[0m\\x0ab'"));
  EXPECT_LT(failure_of(std::string(100000, 'x')).size(), 400U);
}

TEST(MetricReader, AWorkerNamesTheCandidate) {
  const auto failure = [](const char* line) { return read_metrics(line, accuracy, 7).failure; };
  EXPECT_EQ(failure(R"({"candidate": 7, "accuracy": 0.5})"), "");
  EXPECT_EQ(failure(R"({"candidate": 6, "accuracy": 0.5})"),
            "output: an answer about candidate 6 instead of 7");
  EXPECT_EQ(failure(R"({"accuracy": 0.5})"), "output: an answer without \"candidate\"");
  EXPECT_EQ(failure(R"({"candidate": "7", "accuracy": 0.5})"), "output: \"candidate\" is not a number");
  EXPECT_EQ(failure(R"({"candidate": 7})"), "metric: 'accuracy' is missing");
}

TEST(LastLine, IsTheLastThatIsNotBlank) {
  EXPECT_EQ(last_line("one\ntwo\n"), "two");
  EXPECT_EQ(last_line("one\n two \r\n\n \t\r\n"), "two");
  EXPECT_EQ(last_line("one"), "one");
  EXPECT_EQ(last_line(" \n\n"), "");
  EXPECT_EQ(last_line(""), "");
}

TEST(OutputTail, HoldsTheEndOfATextOfAnyLength) {
  OutputTail tail;
  const std::string piece(100000, 'x');
  for (int i = 0; i < 100; ++i) {
    tail.append(piece);
    ASSERT_LE(tail.text().size(), 2 * OutputTail::most_bytes);
  }
  tail.append("\nend\n");
  EXPECT_GE(tail.text().size(), OutputTail::most_bytes);
  EXPECT_EQ(last_line(tail.text()), "end");
}

}  // namespace
}  // namespace stockpot::soup
