#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "evaluator_fixture.hpp"

namespace stockpot::soup::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class WorkerEvaluator : public EvaluatorTest {
 protected:
  /// Python that reads requests; `body` sees `request`, `number`, `folder`, and `starts`: how often workers
  /// were started so far, this one included. `reply(accuracy)` is a good answer.
  std::unique_ptr<Evaluator> worker(const std::string& body, std::uint64_t retries = 0,
                                    double timeout_seconds = 30.0, const std::string& at_start = "pass") {
    std::string indented;
    std::istringstream lines(body);
    for (std::string line; std::getline(lines, line);) indented += "    " + line + "\n";
    recipe::Evaluate how = asking_for_accuracy();
    how.worker = true;
    how.retries = retries;
    how.timeout_seconds = timeout_seconds;
    how.command = {program("worker.py", R"(#!/usr/bin/env python3
import json, os, signal, sys, time
folder = sys.argv[1]
with open(folder + "/starts", "a") as file:
    print(os.getpid(), file=file)
starts = len(open(folder + "/starts").readlines())
def say(text):
    print(text, flush=True)
def reply(accuracy):
    say(json.dumps({"candidate": number, "accuracy": accuracy}))
)" + at_start + R"(
while line := sys.stdin.readline():
    request = json.loads(line)
    number = request["candidate"]
)" + indented + R"(
open(folder + "/ended", "w").close()
)"),
                   folder_.path().string()};
    return make_worker_evaluator(how, 1, logs());
  }
  [[nodiscard]] std::size_t starts() const { return lines_of(folder_ / "starts"); }
};

TEST_F(WorkerEvaluator, OneStartUpServesAllCandidates) {
  auto evaluator = worker(R"(open(folder + "/requests", "a").write(line)
reply(number / 4))");
  for (std::uint64_t candidate = 0; candidate < 20; ++candidate) {
    const Outcome outcome =
        evaluator->evaluate(evaluation(candidate, candidate == 19 ? "final" : "search"), stop_);
    ASSERT_EQ(outcome.failure, "");
    EXPECT_EQ(outcome.metrics.at("accuracy"), static_cast<double>(candidate) / 4);
    EXPECT_EQ(outcome.attempts, 1U);
    EXPECT_EQ(outcome.worker, 1U);
  }
  EXPECT_EQ(starts(), 1U);
  EXPECT_THAT(text_of(folder_ / "requests"),
              StartsWith("{\"candidate\":0,\"checkpoint\":\"" + (folder_ / "candidate-0").string() +
                         "\",\"split\":\"search\"}\n"));
  EXPECT_THAT(text_of(folder_ / "requests"), HasSubstr("\"split\":\"final\"}\n"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "ended"));
  evaluator.reset();
  EXPECT_TRUE(std::filesystem::exists(folder_ / "ended"));  // it saw the end of its input
}

TEST_F(WorkerEvaluator, IsNotStartedWithoutCandidates) {
  worker("reply(1)");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "starts"));
  EXPECT_FALSE(std::filesystem::exists(logs()));
}

TEST_F(WorkerEvaluator, BlankLinesAreNoAnswers) {
  auto evaluator = worker("print(' \\n' * 1000)\nreply(1)\nsay('')");
  for (std::uint64_t candidate = 0; candidate < 5; ++candidate) {
    EXPECT_EQ(evaluator->evaluate(evaluation(candidate), stop_).failure, "");
  }
  EXPECT_EQ(starts(), 1U);
}

TEST_F(WorkerEvaluator, TheThreadThatStartedItMayEnd) {
  auto evaluator = worker("reply(0.5)");
  for (std::uint64_t candidate = 0; candidate < 3; ++candidate) {
    std::thread([&] { EXPECT_EQ(evaluator->evaluate(evaluation(candidate), stop_).failure, ""); }).join();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(starts(), 1U);
}

TEST_F(WorkerEvaluator, FailuresSayWhatHappenedAndTheNextCandidateGetsANewWorker) {
  auto evaluator = worker(R"(if number == 0: say("garbage")
elif number == 1: say('{"candidate": 0, "accuracy": 1}')
elif number == 2: say('{"accuracy": 1}')
elif number == 3: say('{"candidate": 3, "accuracy": NaN}')
elif number == 4: sys.exit(3)
elif number == 5: os.kill(os.getpid(), signal.SIGKILL)
elif number == 6: sys.exit(0)
elif number == 7: say("x" * 3000000)
else: reply(0.5))");
  const auto failure = [&](std::uint64_t candidate) {
    return evaluator->evaluate(evaluation(candidate), stop_).failure;
  };
  EXPECT_EQ(failure(0), "output: not JSON: 'garbage'");
  EXPECT_EQ(failure(1), "output: an answer about candidate 0 instead of 1");
  EXPECT_EQ(failure(2), "output: an answer without \"candidate\"");
  EXPECT_EQ(failure(3), "metric: 'accuracy' is not a finite number");
  EXPECT_EQ(failure(4), "exit 3: the worker ended without an answer");
  EXPECT_EQ(failure(5), "signal 9: Killed, the worker ended without an answer");
  EXPECT_EQ(failure(6), "exit 0: the worker ended without an answer");
  EXPECT_EQ(failure(7), "output: a line longer than 1 MiB");
  EXPECT_EQ(starts(), 8U);
  EXPECT_EQ(failure(8), "");
  EXPECT_EQ(failure(9), "");
  EXPECT_EQ(starts(), 9U);
  for (const pid_t process : processes_in(folder_ / "starts")) {
    EXPECT_EQ(is_gone(process), process != processes_in(folder_ / "starts").back());
  }
}

TEST_F(WorkerEvaluator, ASlowWorkerIsReplaced) {
  auto evaluator = worker("if starts == 1: time.sleep(60)\nreply(0.5)", 1, 3.0);
  const Outcome outcome = evaluator->evaluate(evaluation(4), stop_);
  EXPECT_EQ(outcome.failure, "");
  EXPECT_EQ(outcome.attempts, 2U);
  EXPECT_GE(outcome.seconds, 3.0);
  EXPECT_EQ(starts(), 2U);
  EXPECT_TRUE(is_gone(processes_in(folder_ / "starts").at(0)));
  EXPECT_EQ(text_of(logs() / "worker-1.log"),
            "stockpot: failed attempt 1 of candidate 4 (search): timeout: no answer within 3 s\n");
}

TEST_F(WorkerEvaluator, ACrashBetweenCandidatesIsNoFailureOfTheNext) {
  auto evaluator = worker("reply(0.5)\nif number == 0: os._exit(1)");
  EXPECT_EQ(evaluator->evaluate(evaluation(0), stop_).failure, "");
  ASSERT_TRUE(becomes_true([&] { return is_gone(processes_in(folder_ / "starts").at(0)); }));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // until it is known here, too
  const Outcome outcome = evaluator->evaluate(evaluation(1), stop_);
  EXPECT_EQ(outcome.failure, "");
  EXPECT_EQ(outcome.attempts, 1U);
  EXPECT_EQ(starts(), 2U);
}

TEST_F(WorkerEvaluator, AnAnswerBeforeTheQuestionIsNotBelieved) {
  auto evaluator = worker(R"(good = '{"candidate": %d, "accuracy": 0.5}' % number
say(good + '\n{"candidate": 1, "accuracy": 1}' if starts == 1 else good))",
                          1);
  EXPECT_EQ(evaluator->evaluate(evaluation(0), stop_).metrics.at("accuracy"), 0.5);
  const Outcome outcome = evaluator->evaluate(evaluation(1), stop_);
  EXPECT_EQ(outcome.metrics.at("accuracy"), 0.5);
  EXPECT_EQ(outcome.attempts, 2U);
}

TEST_F(WorkerEvaluator, AWorkerThatDoesNotReadIsAFailure) {
  auto evaluator = worker("reply(1)", 1, 30.0, "if starts == 1: os.close(0); time.sleep(0.2); sys.exit(5)");
  const Outcome outcome = evaluator->evaluate(evaluation(0), stop_);
  EXPECT_EQ(outcome.failure, "");
  EXPECT_EQ(outcome.attempts, 2U);
  EXPECT_THAT(text_of(logs() / "worker-1.log"), HasSubstr("exit 5: the worker ended"));
}

TEST_F(WorkerEvaluator, ALastAnswerNeedsNoEndOfLine) {
  auto evaluator =
      worker("sys.stdout.write(json.dumps({'candidate': number, 'accuracy': 0.5}))\nsys.exit(0)");
  EXPECT_EQ(evaluator->evaluate(evaluation(0), stop_).metrics.at("accuracy"), 0.5);
  EXPECT_EQ(evaluator->evaluate(evaluation(1), stop_).metrics.at("accuracy"), 0.5);
  EXPECT_EQ(starts(), 2U);
}

TEST_F(WorkerEvaluator, AStopKillsIt) {
  auto evaluator = worker("if number == 1: time.sleep(60)\nreply(0.5)");
  EXPECT_EQ(evaluator->evaluate(evaluation(0), stop_).failure, "");
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    stop_ = true;
  });
  try {
    evaluator->evaluate(evaluation(1), stop_);
    ADD_FAILURE() << "not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::stopped);
  }
  stopper.join();
  EXPECT_TRUE(is_gone(processes_in(folder_ / "starts").at(0)));
}

TEST_F(WorkerEvaluator, OneThatIgnoresTheEndOfItsInputIsKilled) {
  auto evaluator = worker(R"(signal.signal(signal.SIGTERM, signal.SIG_IGN)
reply(0.5)
while number == 0: time.sleep(1))");
  EXPECT_EQ(evaluator->evaluate(evaluation(0), stop_).failure, "");
  const auto start = std::chrono::steady_clock::now();
  evaluator.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  EXPECT_TRUE(is_gone(processes_in(folder_ / "starts").at(0)));
}

TEST_F(WorkerEvaluator, StandardErrorGoesToItsLog) {
  auto evaluator = worker("print('about', number, file=sys.stderr, flush=True)\nreply(0.5)");
  evaluator->evaluate(evaluation(0), stop_);
  evaluator->evaluate(evaluation(1), stop_);
  EXPECT_EQ(text_of(logs() / "worker-1.log"), "about 0\nabout 1\n");
}

TEST_F(WorkerEvaluator, AProgramThatCannotBeStartedEndsTheJob) {
  recipe::Evaluate how = asking_for_accuracy();
  how.command = {"no-such-evaluator"};
  try {
    make_worker_evaluator(how, 0, logs())->evaluate(evaluation(0), stop_);
    ADD_FAILURE() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_THAT(error.what(), HasSubstr("'no-such-evaluator'"));
  }
}

}  // namespace
}  // namespace stockpot::soup::test
