#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace stockpot::bench {

struct ChildResult {
  int exit_code = 0;  ///< 128 + signal for a child that a signal ended
  double seconds = 0.0;
};

/// Runs a program (found in PATH) and waits. Its standard output goes to the file `output`, its errors where
/// ours go. Throws Error{system_io} when it can't be started.
ChildResult run_child(const std::vector<std::string>& command, const std::filesystem::path& output);

/// The same; throws Error{system_io} naming the command unless it exits with 0. Returns the seconds it took.
double run_checked(const std::vector<std::string>& command, const std::filesystem::path& output);

/// For messages: the words of a command, separated by spaces.
std::string command_line(const std::vector<std::string>& command);

}  // namespace stockpot::bench
