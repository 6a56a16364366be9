#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "evaluator_fixture.hpp"
#include "soup/program_environment.hpp"

namespace stockpot::soup::test {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// What processes are started in and how they are got rid of.
class EvaluatorProcess : public EvaluatorTest {
 protected:
  std::unique_ptr<Evaluator> command(const std::string& script, double timeout_seconds = 30.0) {
    recipe::Evaluate how = asking_for_accuracy();
    how.command = {shell(script)};
    how.timeout_seconds = timeout_seconds;
    how.retries = 0;
    return make_command_evaluator(how, 0, logs());
  }
};

TEST_F(EvaluatorProcess, ATimeoutKillsTheWholeGroup) {
  const auto start = Clock::now();
  const Outcome outcome = command(R"(
    (sh -c 'echo $$ >> "$0"; sleep 60' "$folder/processes") &
    echo $$ >> "$folder/processes"
    sleep 60)",
                                  1.5)
                              ->evaluate(evaluation(0), stop_);
  EXPECT_EQ(outcome.failure, "timeout: no answer within 1.5 s");
  EXPECT_GE(outcome.seconds, 1.5);
  EXPECT_LT(seconds_since(start), 20.0);
  const std::vector<pid_t> processes = processes_in(folder_ / "processes");
  ASSERT_EQ(processes.size(), 2U);
  for (const pid_t process : processes) EXPECT_TRUE(is_gone(process));
}

TEST_F(EvaluatorProcess, ProgramsThatIgnoreSigtermAreKilled) {
  const Outcome outcome = command(R"(
    trap '' TERM
    sh -c 'trap "" TERM; echo $$ >> "$0"; while :; do sleep 1; done' "$folder/processes" &
    echo $$ >> "$folder/processes"
    while :; do sleep 1; done)",
                                  1.5)
                              ->evaluate(evaluation(0), stop_);
  EXPECT_THAT(outcome.failure, StartsWith("timeout"));
  const std::vector<pid_t> processes = processes_in(folder_ / "processes");
  ASSERT_EQ(processes.size(), 2U);
  for (const pid_t process : processes) EXPECT_TRUE(is_gone(process));
}

TEST_F(EvaluatorProcess, AProgramMayCleanUpAfterSigterm) {
  command(R"(trap 'echo cleaned > "$folder/cleaned"; exit 1' TERM
    while :; do sleep 0.05; done)",
          1.5)
      ->evaluate(evaluation(0), stop_);
  EXPECT_EQ(text_of(folder_ / "cleaned"), "cleaned\n");
}

TEST_F(EvaluatorProcess, ADescendantThatHoldsTheOutputOpenDelaysNothing) {
  const auto start = Clock::now();
  const Outcome outcome = command(R"(sleep 60 & echo $! > "$folder/processes"; echo '{"accuracy": 0.5}')")
                              ->evaluate(evaluation(0), stop_);
  EXPECT_EQ(outcome.failure, "");
  EXPECT_LT(seconds_since(start), 20.0);
  EXPECT_TRUE(is_gone(processes_in(folder_ / "processes").at(0)));
}

TEST_F(EvaluatorProcess, ADescendantOutsideTheGroupThatWritesForEverDelaysNothing) {
  const auto start = Clock::now();
  const Outcome outcome = command(R"(
    setsid sh -c 'echo $$ > "$0"; exec yes' "$folder/processes" &
    while [ ! -s "$folder/processes" ]; do sleep 0.02; done
    exit 5)")
                              ->evaluate(evaluation(0), stop_);
  EXPECT_THAT(outcome.failure, StartsWith("exit 5"));
  EXPECT_LT(seconds_since(start), 20.0);
  const pid_t escaped = processes_in(folder_ / "processes").at(0);
  EXPECT_TRUE(becomes_true([&] { return is_gone(escaped); }));  // nobody reads what it writes
}

TEST_F(EvaluatorProcess, AProgramMayCloseItsOutputAndGoOn) {
  const Outcome outcome =
      command(R"(echo '{"accuracy": 0.5}'; exec >&-; sleep 0.3; exit 6)")->evaluate(evaluation(0), stop_);
  EXPECT_THAT(outcome.failure, StartsWith("exit 6"));
}

TEST_F(EvaluatorProcess, AStopKillsTheGroupAtOnce) {
  const auto evaluator = command(R"(
    sleep 60 &
    echo $! >> "$folder/processes"
    echo $$ >> "$folder/processes"
    wait)");
  std::thread stopper([&] {
    becomes_true([&] { return processes_in(folder_ / "processes").size() == 2; });
    stop_ = true;
  });
  const auto start = Clock::now();
  try {
    evaluator->evaluate(evaluation(0), stop_);
    ADD_FAILURE() << "not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::stopped);
  }
  EXPECT_LT(seconds_since(start), 20.0);
  stopper.join();
  for (const pid_t process : processes_in(folder_ / "processes")) EXPECT_TRUE(is_gone(process));
  EXPECT_THROW(evaluator->evaluate(evaluation(1), stop_), Error);
  EXPECT_FALSE(std::filesystem::exists(logs() / "candidate-000001-search-1.log"));
}

TEST_F(EvaluatorProcess, ASignalThatComesWithAStopIsNoFailure) {
  for (const std::string end : {"kill -USR1 $$", "kill -TERM $$", "exit 138", "exit 143"}) {
    const auto evaluator = command("echo $$ > \"$folder/processes\"\n" + end);
    std::thread stopper([&] {
      becomes_true([&] {
        const std::vector<pid_t> processes = processes_in(folder_ / "processes");
        return processes.size() == 1 && is_gone(processes.front());
      });
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      stop_ = true;
    });
    EXPECT_THROW(evaluator->evaluate(evaluation(0), stop_), Error) << end;
    stopper.join();
    stop_ = false;
    std::filesystem::remove(folder_ / "processes");
    EXPECT_THAT(evaluator->evaluate(evaluation(0), stop_).failure,
                StartsWith(end[0] == 'k' ? "signal" : "exit"));
    std::filesystem::remove(folder_ / "processes");
  }
}

TEST_F(EvaluatorProcess, TheLaunchersVariablesAreLeftOut) {
  EXPECT_THAT(
      without_launcher({"PATH=/bin", "OMPI_COMM_WORLD_SIZE=4", "PMIX_RANK=0", "PMI_RANK=1", "SLURM_PROCID=3",
                        "SLURM_STEP_ID=0", "SLURM_STEPID=0", "SLURM_NTASKS=4", "SLURM_JOB_ID=77",
                        "SLURM_JOBID=77", "SLURM_NODELIST=n[1-2]", "OMPI_MCA_ess=pmi",
                        "OMPI_ALLOW_RUN_AS_ROOT=1", "SLURM_CPUS_PER_TASK=8", "STOCKPOT_SPLIT=final",
                        "STOCKPOT_FAULT=x", "EMPTY=", "ODD", "OMP_NUM_THREADS=2"}),
      ElementsAre("PATH=/bin", "SLURM_JOB_ID=77", "OMPI_ALLOW_RUN_AS_ROOT=1", "SLURM_CPUS_PER_TASK=8",
                  "STOCKPOT_FAULT=x", "EMPTY=", "ODD", "OMP_NUM_THREADS=2"));
}

TEST_F(EvaluatorProcess, TheProgramSeesItsOwnEnvironment) {
  ::setenv("OMPI_COMM_WORLD_RANK", "1", 1);
  ::setenv("STOCKPOT_TEST_KEPT", "a b", 1);
  const Outcome outcome = command(R"(env > "$folder/environment"; echo '{"accuracy": 1}')")
                              ->evaluate(evaluation(41, "final"), stop_);
  ::unsetenv("OMPI_COMM_WORLD_RANK");
  ::unsetenv("STOCKPOT_TEST_KEPT");
  EXPECT_EQ(outcome.failure, "");
  const std::string environment = "\n" + text_of(folder_ / "environment");
  EXPECT_NE(environment.find("\nSTOCKPOT_CANDIDATE=41\n"), std::string::npos);
  EXPECT_NE(environment.find("\nSTOCKPOT_SPLIT=final\n"), std::string::npos);
  EXPECT_NE(environment.find("\nSTOCKPOT_TEST_KEPT=a b\n"), std::string::npos);
  EXPECT_EQ(environment.find("\nOMPI_COMM_"), std::string::npos);
}

TEST_F(EvaluatorProcess, SignalsAndFilesOfThisProcessAreNotInherited) {
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto old = std::signal(SIGUSR2, SIG_IGN);
  const int leak = ::dup(1);  // without FD_CLOEXEC
  const std::string script = program("inherited.py", R"(#!/usr/bin/env python3
import json, os
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
others = [fd for fd in os.listdir("/proc/self/fd") if int(fd) > 2 and os.path.exists("/proc/self/fd/" + fd)]
print(json.dumps({"blocked": int(status["SigBlk"], 16), "usr2": int(status["SigIgn"], 16) >> 11 & 1, "others": len(others),
                  "leads": int(os.getpgrp() == os.getpid())}))
)");
  recipe::Evaluate how;
  how.command = {script};
  how.metrics = {{"blocked", 1.0}, {"usr2", 1.0}, {"others", 1.0}, {"leads", 1.0}};
  const Outcome outcome = make_command_evaluator(how, 0, logs())->evaluate(evaluation(0), stop_);
  ::close(leak);
  std::signal(SIGUSR2, old);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(outcome.metrics,
            (std::map<std::string, double>{{"blocked", 0.0}, {"leads", 1.0}, {"others", 0.0}, {"usr2", 0.0}}))
      << outcome.failure;
}

TEST_F(EvaluatorProcess, AKilledRankLeavesNoProgramBehind) {
  const auto evaluator = command(R"(echo $$ > "$folder/processes"; exec sleep 60)");
  const pid_t rank = ::fork();
  if (rank == 0) {
    evaluator->evaluate(evaluation(0), stop_);
    ::_exit(0);
  }
  const bool has_started = becomes_true([&] { return processes_in(folder_ / "processes").size() == 1; });
  const bool was_running = has_started && !is_gone(processes_in(folder_ / "processes").at(0));
  ::kill(rank, SIGKILL);
  ::waitpid(rank, nullptr, 0);
  ASSERT_TRUE(was_running);
  EXPECT_TRUE(becomes_true([&] { return is_gone(processes_in(folder_ / "processes").at(0)); }));
}

TEST_F(EvaluatorProcess, EvaluatorsRunSideBySide) {
  recipe::Evaluate how = asking_for_accuracy();
  how.command = {shell(R"(sleep 0.2; echo "{\"accuracy\": $STOCKPOT_CANDIDATE}")")};
  recipe::Evaluate worker = asking_for_accuracy();
  worker.command = {program("worker.py", R"(#!/usr/bin/env python3
import json, sys
for line in sys.stdin:
    number = json.loads(line)["candidate"]
    print(json.dumps({"candidate": number, "accuracy": number}), flush=True)
)")};
  constexpr std::uint64_t evaluators = 8;
  constexpr std::uint64_t rounds = 3;
  std::vector<double> scores(evaluators * rounds, -1.0);
  std::vector<std::thread> threads;
  for (std::uint64_t n = 0; n < evaluators; ++n) {
    threads.emplace_back([&, n] {
      const auto evaluator =
          n % 2 == 0 ? make_command_evaluator(how, n, logs()) : make_worker_evaluator(worker, n, logs());
      for (std::uint64_t candidate = n; candidate < scores.size(); candidate += evaluators) {
        const Outcome outcome = evaluator->evaluate(evaluation(candidate), stop_);
        if (outcome.is_usable() && outcome.worker == n) scores[candidate] = outcome.metrics.at("accuracy");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_EQ(scores[i], static_cast<double>(i));
}

}  // namespace
}  // namespace stockpot::soup::test
