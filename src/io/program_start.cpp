#include "program_start.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <vector>

#include "stockpot/base/error.hpp"

namespace stockpot::io {
namespace {

/// All that the new process needs, laid out beforehand: it may allocate nothing and lock nothing.
struct Image {
  const char* path = nullptr;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  StandardStreams streams;
  int report = -1;  ///< pipe for the errno of a failure
  pid_t parent = 0;
};

void close_others_on_exec() {
  constexpr unsigned close_on_exec = 1U << 2;  // CLOSE_RANGE_CLOEXEC
#ifdef SYS_close_range
  if (::syscall(SYS_close_range, 3U, ~0U, close_on_exec) == 0) return;
#else
  static_cast<void>(close_on_exec);
#endif
  // Kernels before 5.11.
  constexpr int most_descriptors = 1 << 16;
  for (int descriptor = 3; descriptor < most_descriptors; ++descriptor) {
    const int flags = ::fcntl(descriptor, F_GETFD);
    if (flags >= 0) ::fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC);
  }
}

/// Runs in the new process, which shares this process's memory until execve.
[[noreturn]] void become_program(const Image& image) {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != image.parent) ::_exit(1);  // it died before the kernel was asked to watch it
  if (::dup2(image.streams.input, 0) >= 0 && ::dup2(image.streams.output, 1) >= 0 &&
      ::dup2(image.streams.error, 2) >= 0) {
    close_others_on_exec();
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(image.path, image.arguments, image.environment);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(image.report, &error, sizeof error);
  ::_exit(127);
}

/// vfork: a process with many gigabytes starts programs as fast as a small one, and memory that is registered
/// with a network adapter is never shared copy-on-write.
pid_t fork_program(const Image& image) {
  const pid_t process = ::vfork();
  if (process == 0) become_program(image);
  return process;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

bool is_executable_file(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return false;
  if (S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0) return true;
  errno = S_ISDIR(status.st_mode) ? EISDIR : EACCES;
  return false;
}

}  // namespace

std::string find_program(const std::string& program) {
  int error = ENOENT;
  if (program.find('/') != std::string::npos) {
    if (is_executable_file(program)) return program;
    error = errno;
  } else {
    const char* path = std::getenv("PATH");
    std::istringstream folders(path != nullptr ? path : "/bin:/usr/bin");
    for (std::string folder; !program.empty() && std::getline(folders, folder, ':');) {
      const std::string candidate = (folder.empty() ? "." : folder) + "/" + program;
      if (is_executable_file(candidate)) return candidate;
      if (errno == EACCES) error = errno;
    }
  }
  throw Error(ExitCode::usage, fmt::format("the program {} can't be started: {}", quote(program),
                                           std::generic_category().message(error)));
}

StartResult start_program(const std::string& path, const ProgramStart& start,
                          const StandardStreams& streams) {
  std::array<int, 2> report{-1, -1};
  if (::pipe2(report.data(), O_CLOEXEC) != 0) return {0, errno};
  const UniqueHandle<DescriptorTraits> reading(report[0]);
  UniqueHandle<DescriptorTraits> writing(report[1]);
  const std::vector<char*> arguments = pointers(start.arguments);
  const std::vector<char*> environment = pointers(start.environment);
  const Image image{path.c_str(), arguments.data(), environment.data(), streams, writing.get(), ::getpid()};

  const pid_t process = fork_program(image);
  if (process < 0) return {0, errno};
  writing.reset();
  int error = 0;
  ssize_t bytes = 0;
  do {
    bytes = ::read(reading.get(), &error, sizeof error);
  } while (bytes < 0 && errno == EINTR);
  if (bytes != static_cast<ssize_t>(sizeof error)) return {process, 0};
  ::waitpid(process, nullptr, 0);
  return {0, error};
}

}  // namespace stockpot::io
