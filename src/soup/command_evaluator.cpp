#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "soup/attempts.hpp"
#include "soup/metric_reader.hpp"
#include "soup/output_tail.hpp"
#include "soup/program_environment.hpp"
#include "stockpot/io/child_process.hpp"
#include "stockpot/io/log_file.hpp"
#include "stockpot/soup/evaluator.hpp"

namespace stockpot::soup {
namespace {

/// What the program wrote before its end. A descendant that lives on may write for ever: only what can stand
/// in a pipe is read.
void append_rest(io::ChildProcess& program, OutputTail& output) {
  std::size_t bytes = 0;
  while (bytes <= OutputTail::most_bytes) {
    const std::string more = program.read_output();
    if (more.empty()) return;
    output.append(more);
    bytes += more.size();
  }
}

Reading read_output(std::string_view text, const recipe::Evaluate& how) {
  const std::string_view line = last_line(text);
  if (line.empty()) return {{}, "output: nothing on standard output"};
  if (line.size() >= OutputTail::most_bytes) return {{}, "output: the last line is longer than 1 MiB"};
  return read_metrics(line, how.metrics, std::nullopt);
}

class CommandEvaluator final : public Evaluator {
 public:
  CommandEvaluator(const recipe::Evaluate& how, std::uint64_t number, std::filesystem::path logs)
      : how_(how), number_(number), logs_(std::move(logs)) {}

  Outcome evaluate(const Evaluation& evaluation, const std::atomic<bool>& stop) override {
    return run_attempts(how_, number_, stop, [&](std::uint64_t attempt, const AttemptLimit& limit) {
      const io::LogFile log(
          logs_ / fmt::format("candidate-{:06}-{}-{}.log", evaluation.candidate, evaluation.split, attempt));
      Reading reading = run_once(evaluation, limit, log);
      if (!reading.failure.empty()) {
        log.append(fmt::format("stockpot: failed attempt: {}\n", reading.failure));
      }
      return reading;
    });
  }

 private:
  [[nodiscard]] Reading run_once(const Evaluation& evaluation, const AttemptLimit& limit,
                                 const io::LogFile& log) const {
    io::ProgramStart start{how_.command, command_environment(evaluation), false};
    start.arguments.push_back(std::filesystem::absolute(evaluation.checkpoint).string());
    io::ChildProcess program(start, log);
    OutputTail output;
    std::optional<io::ProgramEnd> end;
    while (!(end = program.end())) {
      if (limit.is_over()) {
        program.terminate(termination_grace);
        return {{}, limit.failure()};
      }
      program.wait(limit.next_look());
      try {
        limit.check_stop();
      } catch (...) {
        program.terminate(termination_grace);
        throw;
      }
      output.append(program.read_output());
    }
    append_rest(program, output);
    if (end->signal != 0 || end->exit_code != 0) {
      return {{}, failure_of(*end, "the command failed, its log may say why", limit)};
    }
    return read_output(output.text(), how_);
  }

  recipe::Evaluate how_;
  std::uint64_t number_;
  std::filesystem::path logs_;
};

}  // namespace

std::unique_ptr<Evaluator> make_command_evaluator(const recipe::Evaluate& how, std::uint64_t number,
                                                  const std::filesystem::path& logs) {
  return std::make_unique<CommandEvaluator>(how, number, logs);
}

}  // namespace stockpot::soup
