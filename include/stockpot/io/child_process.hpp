#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "stockpot/base/unique_handle.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/io/log_file.hpp"

namespace stockpot::io {

struct StandardStreams;

struct ProgramStart {
  /// The program first: a path, or a name that is looked for along PATH.
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  ///< "NAME=value", all of it
  bool has_input = false;                ///< standard input is a pipe; else it is empty
};

/// How a program ended: by `exit_code`, or by `signal` unless that is 0.
struct ProgramEnd {
  int exit_code = 0;
  int signal = 0;
};

/// A running program, leader of a process group of its own, whose standard output is read here. It inherits
/// no other open file, no signal mask and no ignored signal, and the kernel kills it (not its descendants)
/// when this process dies. For use by one thread at a time; that thread may end before the program does.
///
/// Start-up doesn't copy the page tables of this process, however much memory it holds.
class ChildProcess {
 public:
  using Clock = std::chrono::steady_clock;

  /// Starts it; standard error is appended to `errors`. Throws Error{usage} naming the program if there is no
  /// such program or it can't be executed, Error{system_io} if the system can't start any more.
  ChildProcess(const ProgramStart& start, const LogFile& errors);
  /// Kills what is left of the group, without grace.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Returns when output can be read, when the program has ended, at `until`, or earlier for no reason.
  void wait(Clock::time_point until) const;
  /// Returns when the program has ended, or at `until`.
  void wait_for_end(Clock::time_point until) const;
  /// What stands in the output pipe now, at most 64 KiB; empty if nothing does. Everything that the program
  /// wrote before its end can be read after it.
  std::string read_output();
  /// Whether all of `text` went into the input pipe. False if the program has closed its input or leaves so
  /// much unread that the pipe is full. @pre ProgramStart::has_input, and the input was not closed
  [[nodiscard]] bool write_input(std::string_view text);
  void close_input() { input_.reset(); }

  /// None while it runs. Throws Error{system_io} if its end can't be learnt.
  [[nodiscard]] std::optional<ProgramEnd> end() const;
  /// Sends SIGTERM to the group, and SIGKILL as soon as the program has ended or `grace` is over. Returns
  /// when the program is gone, and its group too (unless the system takes more than 250 ms to bury it).
  void terminate(Clock::duration grace);

 private:
  void keep(const std::string& path, const ProgramStart& start, const StandardStreams& streams);

  pid_t process_ = 0;  ///< 0: not started, or buried
  int start_error_ = 0;
  std::optional<ProgramEnd> end_;       ///< none also if its end can't be learnt
  std::atomic<bool> has_ended_{false};  ///< set after end_, and before `ended_` wakes a wait
  UniqueHandle<DescriptorTraits> input_;
  UniqueHandle<DescriptorTraits> output_;
  UniqueHandle<DescriptorTraits> started_;  ///< event: the program runs, or start_error_ says why not
  UniqueHandle<DescriptorTraits> ended_;    ///< event: it has ended
  std::thread keeper_;  ///< starts the program and waits for it: the kernel ties the two together
};

}  // namespace stockpot::io
