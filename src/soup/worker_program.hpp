#pragma once

#include <optional>
#include <string>
#include <vector>

#include "soup/attempts.hpp"
#include "stockpot/io/child_process.hpp"
#include "stockpot/io/log_file.hpp"

namespace stockpot::soup {

/// A program that answers lines with lines.
class WorkerProgram {
 public:
  /// Starts it. Errors as those of io::ChildProcess.
  WorkerProgram(const std::vector<std::string>& command, const io::LogFile& log);
  /// Ends its input and gives it time to end by itself.
  ~WorkerProgram();
  WorkerProgram(const WorkerProgram&) = delete;
  WorkerProgram& operator=(const WorkerProgram&) = delete;

  /// A line without its end, or why there is none.
  struct Answer {
    std::string line;
    std::string failure;
  };
  /// Sends `request`, which ends in a newline, and waits for the next line that isn't blank. Throws
  /// Error{stopped}. After a failure or an error the program is out of step and good for nothing but kill().
  Answer ask(const std::string& request, const AttemptLimit& limit);

  [[nodiscard]] bool has_ended() const { return program_.end().has_value(); }
  void kill() { program_.terminate(termination_grace); }

 private:
  /// The first line of what was read that isn't blank; at the program's end also one without a newline.
  std::optional<std::string> take_line(bool is_last);
  [[nodiscard]] std::string refusal_of_request(const AttemptLimit& limit) const;

  io::ChildProcess program_;
  std::string unread_;
};

}  // namespace stockpot::soup
