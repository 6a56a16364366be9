#pragma once

#include <sys/types.h>

#include <string>

#include "stockpot/io/child_process.hpp"

namespace stockpot::io {

/// Where execvp would find `program`. Throws Error{usage} if there is none that may be executed.
std::string find_program(const std::string& program);

/// Descriptors for a program's standard streams, all above 2.
struct StandardStreams {
  int input = -1;
  int output = -1;
  int error = -1;
};

struct StartResult {
  pid_t process = 0;
  int error = 0;  ///< errno of what failed, of execve too; 0 when the program runs
};

/// Starts the program at `path` as leader of a new process group. The kernel kills it when the calling thread
/// ends. @pre the calling thread has blocked all signals
StartResult start_program(const std::string& path, const ProgramStart& start, const StandardStreams& streams);

}  // namespace stockpot::io
