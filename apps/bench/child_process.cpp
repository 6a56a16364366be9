#include "child_process.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stockpot/base/error.hpp"

namespace stockpot::bench {

ChildResult run_child(const std::vector<std::string>& command, const std::filesystem::path& output) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0644);
  pid_t child = 0;
  const auto begin = std::chrono::steady_clock::now();
  const int failure = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) {
    throw Error(ExitCode::system_io, "can't start " + command[0] + ": " + std::strerror(failure));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw Error(ExitCode::system_io, std::string("waitpid: ") + std::strerror(errno));
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  return {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          .seconds = elapsed.count()};
}

double run_checked(const std::vector<std::string>& command, const std::filesystem::path& output) {
  const ChildResult result = run_child(command, output);
  if (result.exit_code != 0) {
    throw Error(ExitCode::system_io,
                command_line(command) + " ended with " + std::to_string(result.exit_code));
  }
  return result.seconds;
}

std::string command_line(const std::vector<std::string>& command) {
  std::string line;
  for (const std::string& word : command) line += (line.empty() ? "" : " ") + word;
  return line;
}

}  // namespace stockpot::bench
