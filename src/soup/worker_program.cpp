#include "soup/worker_program.hpp"

#include <chrono>

#include "soup/metric_reader.hpp"
#include "soup/program_environment.hpp"

namespace stockpot::soup {
namespace {

using Clock = io::ChildProcess::Clock;

constexpr std::size_t longest_line_bytes = std::size_t{1} << 20;

}  // namespace

WorkerProgram::WorkerProgram(const std::vector<std::string>& command, const io::LogFile& log)
    : program_({command, worker_environment(), true}, log) {}

WorkerProgram::~WorkerProgram() {
  program_.close_input();
  program_.wait_for_end(Clock::now() + termination_grace);
  program_.terminate(termination_grace);
}

std::optional<std::string> WorkerProgram::take_line(bool is_last) {
  unread_.erase(0, unread_.size() - from_first_word(unread_).size());
  if (unread_.empty()) return std::nullopt;
  std::size_t end = unread_.find('\n');
  if (end == std::string::npos) {
    if (!is_last) return std::nullopt;
    end = unread_.size();
  }
  std::string line(trimmed(std::string_view(unread_).substr(0, end)));
  unread_.erase(0, end + 1);
  return line;
}

std::string WorkerProgram::refusal_of_request(const AttemptLimit& limit) const {
  // Its input closes a moment before its end is known.
  program_.wait_for_end(Clock::now() + std::chrono::seconds(1));
  if (const auto end = program_.end()) {
    return failure_of(*end, "the worker ended before it was asked", limit);
  }
  return "output: the worker doesn't read what it is asked";
}

WorkerProgram::Answer WorkerProgram::ask(const std::string& request, const AttemptLimit& limit) {
  unread_ += program_.read_output();
  if (!trimmed(unread_).empty()) return {{}, "output: the worker wrote something before it was asked"};
  unread_.clear();
  if (!program_.write_input(request)) return {{}, refusal_of_request(limit)};
  while (true) {
    const std::optional<io::ProgramEnd> end = program_.end();
    std::string more;
    do {
      more = program_.read_output();
      unread_ += more;
    } while (!more.empty() && unread_.size() <= longest_line_bytes);
    if (std::optional<std::string> line = take_line(end.has_value())) return {std::move(*line), {}};
    if (end) return {{}, failure_of(*end, "the worker ended without an answer", limit)};
    if (unread_.size() > longest_line_bytes) return {{}, "output: a line longer than 1 MiB"};
    if (limit.is_over()) return {{}, limit.failure()};
    program_.wait(limit.next_look());
    limit.check_stop();
  }
}

}  // namespace stockpot::soup
