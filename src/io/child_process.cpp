#include "stockpot/io/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <system_error>
#include <utility>

#include "program_start.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::io {
namespace {

using Descriptor = UniqueHandle<DescriptorTraits>;

[[noreturn]] void throw_start_error(const std::string& program, int error) {
  const bool is_users_to_mend = error == ENOENT || error == EACCES || error == ENOEXEC || error == EISDIR ||
                                error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG ||
                                error == EPERM || error == ELIBBAD;
  throw Error(is_users_to_mend ? ExitCode::usage : ExitCode::system_io,
              fmt::format("the program {} can't be started: {}", quote(program),
                          std::generic_category().message(error)));
}

/// Above the standard streams, which a program's start overwrites one by one.
Descriptor moved_up(Descriptor descriptor, const std::string& program) {
  if (!descriptor) throw_start_error(program, errno);
  if (descriptor.get() > 2) return descriptor;
  Descriptor higher(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 3));
  if (!higher) throw_start_error(program, errno);
  return higher;
}

struct Pipe {
  Descriptor reading;
  Descriptor writing;
};

Pipe make_pipe(const std::string& program) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_start_error(program, errno);
  Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  return {moved_up(std::move(reading), program), moved_up(std::move(writing), program)};
}

void never_block(const Descriptor& descriptor) {
  ::fcntl(descriptor.get(), F_SETFL, ::fcntl(descriptor.get(), F_GETFL) | O_NONBLOCK);
}

Descriptor make_event(const std::string& program) {
  Descriptor event(::eventfd(0, EFD_CLOEXEC));
  if (!event) throw_start_error(program, errno);
  return event;
}

void announce(const Descriptor& event) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(event.get(), &one, sizeof one);
}

int milliseconds_until(ChildProcess::Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - ChildProcess::Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

/// Keeps SIGPIPE from the process while it lives; a pending one of this thread's making is taken away.
class WithoutPipeSignal {
 public:
  WithoutPipeSignal() {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~WithoutPipeSignal() {
    constexpr timespec no_time{0, 0};
    if (!was_pending_) ::sigtimedwait(&pipe_, nullptr, &no_time);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  WithoutPipeSignal(const WithoutPipeSignal&) = delete;
  WithoutPipeSignal& operator=(const WithoutPipeSignal&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

}  // namespace

ChildProcess::ChildProcess(const ProgramStart& start, const LogFile& errors) {
  const std::string& program = start.arguments.at(0);
  const std::string path = find_program(program);
  Pipe output = make_pipe(program);
  Pipe input = start.has_input ? make_pipe(program) : Pipe{};
  if (!start.has_input) {
    input.reading = moved_up(Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)), program);
  }
  const Descriptor error = moved_up(Descriptor(::fcntl(errors.descriptor(), F_DUPFD_CLOEXEC, 3)), program);
  started_ = make_event(program);
  ended_ = make_event(program);
  never_block(output.reading);
  if (input.writing) never_block(input.writing);

  const StandardStreams streams{input.reading.get(), output.writing.get(), error.get()};
  try {
    keeper_ = std::thread([this, &path, &start, streams] { keep(path, start, streams); });
  } catch (const std::system_error& failure) {
    throw_start_error(program, failure.code().value());
  }
  std::uint64_t count = 0;
  while (::read(started_.get(), &count, sizeof count) < 0 && errno == EINTR) {
  }
  if (start_error_ != 0) {
    keeper_.join();
    if (start_error_ != ENOENT) throw_start_error(program, start_error_);
    throw Error(ExitCode::usage,
                fmt::format("the program {} can't be started: its interpreter is missing", quote(program)));
  }
  input_ = std::move(input.writing);
  output_ = std::move(output.reading);
}

ChildProcess::~ChildProcess() {
  terminate(Clock::duration::zero());
}

void ChildProcess::keep(const std::string& path, const ProgramStart& start, const StandardStreams& streams) {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
  const StartResult result = start_program(path, start, streams);
  process_ = result.process;
  start_error_ = result.error;
  const pid_t process = result.process;
  announce(started_);  // what the starter owns is not to be used from here on
  if (process == 0) return;

  // The process stays a zombie, so that its number and its group's mean nobody else.
  siginfo_t info{};
  int waited = 0;
  do {
    waited = ::waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOWAIT);
  } while (waited != 0 && errno == EINTR);
  if (waited == 0) {
    end_ = info.si_code == CLD_EXITED ? ProgramEnd{info.si_status, 0} : ProgramEnd{0, info.si_status};
  }
  has_ended_.store(true, std::memory_order_release);
  announce(ended_);
}

void ChildProcess::wait(Clock::time_point until) const {
  std::array<pollfd, 2> waited{{{ended_.get(), POLLIN, 0}, {output_.get(), POLLIN, 0}}};
  ::poll(waited.data(), waited.size(), milliseconds_until(until));
}

void ChildProcess::wait_for_end(Clock::time_point until) const {
  pollfd waited{ended_.get(), POLLIN, 0};
  while (::poll(&waited, 1, milliseconds_until(until)) <= 0 && Clock::now() < until) {
  }
}

std::string ChildProcess::read_output() {
  constexpr std::size_t most_bytes = std::size_t{64} << 10;
  if (!output_) return {};
  std::string text(most_bytes, '\0');
  ssize_t bytes = 0;
  do {
    bytes = ::read(output_.get(), text.data(), text.size());
  } while (bytes < 0 && errno == EINTR);
  if (bytes == 0) output_.reset();  // else wait() would return at once for ever
  text.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
  return text;
}

bool ChildProcess::write_input(std::string_view text) {
  const WithoutPipeSignal guard;
  while (!text.empty()) {
    const ssize_t bytes = ::write(input_.get(), text.data(), text.size());
    if (bytes < 0 && errno != EINTR) return false;
    if (bytes > 0) text.remove_prefix(static_cast<std::size_t>(bytes));
  }
  return true;
}

std::optional<ProgramEnd> ChildProcess::end() const {
  if (!has_ended_.load(std::memory_order_acquire)) return std::nullopt;
  if (!end_) throw Error(ExitCode::system_io, "can't learn how a program ended: its end was taken by others");
  return end_;
}

void ChildProcess::terminate(Clock::duration grace) {
  if (process_ == 0) return;
  if (!has_ended_.load(std::memory_order_acquire) && grace > Clock::duration::zero()) {
    ::kill(-process_, SIGTERM);
    wait_for_end(Clock::now() + grace);
  }
  ::kill(-process_, SIGKILL);
  keeper_.join();
  ::waitpid(process_, nullptr, 0);
  const Clock::time_point patience = Clock::now() + std::chrono::milliseconds(250);
  while (::kill(-process_, 0) == 0 && Clock::now() < patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  process_ = 0;
}

}  // namespace stockpot::io
