#include <chrono>
#include <string>

#include "evaluator_fixture.hpp"

namespace stockpot::soup::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class CommandEvaluator : public EvaluatorTest {
 protected:
  Outcome run(const std::string& script, std::uint64_t candidate = 0) {
    recipe::Evaluate how = asking_for_accuracy();
    how.retries = 0;
    return run(how, script, candidate);
  }
  Outcome run(recipe::Evaluate how, const std::string& script, std::uint64_t candidate = 0) {
    how.command = {shell(script)};
    return make_command_evaluator(how, 3, logs())->evaluate(evaluation(candidate), stop_);
  }
};

TEST_F(CommandEvaluator, ReadsTheLastLineOfASuccess) {
  const Outcome outcome =
      run(R"(echo loading; echo '{"accuracy": 0.1}'; echo; echo '{"accuracy": 0.75}'; echo)");
  EXPECT_EQ(outcome.failure, "");
  EXPECT_EQ(outcome.metrics, (std::map<std::string, double>{{"accuracy", 0.75}}));
  EXPECT_EQ(outcome.attempts, 1U);
  EXPECT_EQ(outcome.worker, 3U);
  EXPECT_GT(outcome.seconds, 0.0);
}

TEST_F(CommandEvaluator, ALineNeedsNoEnd) {
  EXPECT_EQ(run(R"(printf '{"accuracy": 0.5}')").metrics.at("accuracy"), 0.5);
}

TEST_F(CommandEvaluator, TheFolderIsTheLastArgument) {
  recipe::Evaluate how = asking_for_accuracy();
  how.command = {shell(R"(printf '%s\n' "$@" > "$folder/arguments"; echo '{"accuracy": 1}')"), "--split",
                 "a b"};
  make_command_evaluator(how, 0, logs())->evaluate(evaluation(5), stop_);
  EXPECT_EQ(text_of(folder_ / "arguments"), "--split\na b\n" + (folder_ / "candidate-5").string() + "\n");
}

TEST_F(CommandEvaluator, ProgramsAreFoundAlongPath) {
  recipe::Evaluate how = asking_for_accuracy();
  how.command = {"sh", "-c", R"(echo '{"accuracy": 0.25}')"};
  EXPECT_EQ(make_command_evaluator(how, 0, logs())->evaluate(evaluation(0), stop_).metrics.at("accuracy"),
            0.25);
}

TEST_F(CommandEvaluator, FailuresSayWhatHappened) {
  EXPECT_THAT(run("exit 3").failure, StartsWith("exit 3: "));
  EXPECT_THAT(run(R"(echo '{"accuracy": 1}'; exit 1)").failure, StartsWith("exit 1: "));
  EXPECT_THAT(run("kill -SEGV $$").failure, StartsWith("signal 11: Segmentation fault, the command failed"));
  EXPECT_THAT(run("").failure, StartsWith("output: nothing"));
  EXPECT_THAT(run("echo; echo").failure, StartsWith("output: nothing"));
  EXPECT_THAT(run("echo accuracy 0.5").failure, StartsWith("output: not JSON: 'accuracy 0.5'"));
  EXPECT_THAT(run(R"(echo '{"accuracy": 0.5}'; echo done)").failure, StartsWith("output: not JSON: 'done'"));
  EXPECT_THAT(run("head -c 300 /dev/urandom").failure, StartsWith("output: "));
  EXPECT_THAT(run(R"(echo '{"accuracy": NaN}')").failure, StartsWith("metric: "));
  EXPECT_THAT(run(R"(echo '{"loss": 1}')").failure, StartsWith("metric: "));
}

TEST_F(CommandEvaluator, AFailureLeavesNoMetrics) {
  recipe::Evaluate how = asking_for_accuracy();
  how.metrics = {{"accuracy", 1.0}, {"loss", 1.0}};
  const Outcome outcome = run(how, R"(echo '{"accuracy": 0.5, "loss": null}')");
  EXPECT_FALSE(outcome.is_usable());
  EXPECT_TRUE(outcome.metrics.empty());
  EXPECT_EQ(outcome.attempts, 2U);
}

TEST_F(CommandEvaluator, OutputOfAnyLengthIsReadInBoundedMemory) {
  EXPECT_EQ(run(R"(head -c 50000000 /dev/zero | tr '\0' 'x'; echo; echo '{"accuracy": 0.5}')").failure, "");
  EXPECT_EQ(run("head -c 5000000 /dev/zero | tr '\\0' 'x'").failure,
            "output: the last line is longer than 1 MiB");
}

TEST_F(CommandEvaluator, AFailedAttemptIsRepeated) {
  recipe::Evaluate how = asking_for_accuracy();
  how.retries = 2;
  const Outcome outcome = run(how, R"sh(
    echo x >> "$folder/count"
    [ "$(wc -l < "$folder/count")" -ge 3 ] || { echo "not yet" >&2; exit 9; }
    echo '{"accuracy": 0.5}')sh",
                              7);
  EXPECT_EQ(outcome.failure, "");
  EXPECT_EQ(outcome.attempts, 3U);
  EXPECT_EQ(text_of(logs() / "candidate-000007-search-2.log"),
            "not yet\nstockpot: failed attempt: exit 9: the command failed, its log may say why\n");
  EXPECT_EQ(text_of(logs() / "candidate-000007-search-3.log"), "");
}

TEST_F(CommandEvaluator, OnlySoManyAttempts) {
  recipe::Evaluate how = asking_for_accuracy();
  how.retries = 2;
  const Outcome outcome = run(how, R"(echo x >> "$folder/count"; exit 4)");
  EXPECT_THAT(outcome.failure, StartsWith("exit 4: "));
  EXPECT_EQ(outcome.attempts, 3U);
  EXPECT_EQ(lines_of(folder_ / "count"), 3U);
}

TEST_F(CommandEvaluator, StandardErrorGoesToALogAndStandardInputIsEmpty) {
  EXPECT_EQ(run(R"(echo warning >&2; cat; echo '{"accuracy": 0.5}')", 12).failure, "");
  EXPECT_EQ(text_of(logs() / "candidate-000012-search-1.log"), "warning\n");
}

TEST_F(CommandEvaluator, AProgramThatCannotBeStartedEndsTheJob) {
  const auto message = [&](const std::string& name) -> std::string {
    recipe::Evaluate how = asking_for_accuracy();
    how.command = {name};
    try {
      make_command_evaluator(how, 0, logs())->evaluate(evaluation(0), stop_);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
      return error.what();
    }
    return "nothing was thrown";
  };
  EXPECT_THAT(message("no-such-evaluator"), HasSubstr("'no-such-evaluator' can't be started: No such file"));
  EXPECT_THAT(message((folder_ / "absent").string()), HasSubstr("can't be started: No such file"));
  std::ofstream(folder_ / "plain.py") << "print(1)\n";
  EXPECT_THAT(message((folder_ / "plain.py").string()), HasSubstr("can't be started: Permission denied"));
  EXPECT_THAT(message(folder_.path().string()), HasSubstr("can't be started: Is a directory"));
  EXPECT_THAT(message(program("orphan", "#!/no/such/interpreter\n")),
              HasSubstr("its interpreter is missing"));
  EXPECT_THAT(message(program("headless", "echo 1\n")), HasSubstr("can't be started: Exec format error"));
}

TEST_F(CommandEvaluator, LogsThatCannotBeWrittenEndTheJob) {
  std::ofstream(folder_ / "evaluator_logs") << "a file";
  EXPECT_THROW(run(R"(echo '{"accuracy": 0.5}')"), Error);
}

}  // namespace
}  // namespace stockpot::soup::test
