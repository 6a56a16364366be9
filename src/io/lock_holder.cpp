#include "lock_holder.hpp"

#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string_view>

#include "stockpot/base/error.hpp"
#include "stockpot/base/process.hpp"

namespace stockpot::io {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

struct ProcessStatus {
  std::string state;       ///< one letter, "Z" for a zombie
  std::string start_time;  ///< clock ticks after boot
};

/// Fields 3 and 22 of the process's stat; empty where /proc does not show it.
ProcessStatus status_of(const std::string& process) {
  const std::string line = first_line("/proc/" + process + "/stat");
  const std::size_t name_end = line.rfind(')');  // the name in field 2 may hold blanks and parentheses
  if (name_end == std::string::npos) return {};
  std::istringstream fields(line.substr(name_end + 1));
  ProcessStatus status;
  fields >> status.state;
  for (int number = 4; number <= 22; ++number) fields >> status.start_time;
  return fields ? status : ProcessStatus{};
}

std::string this_place() {
  std::error_code failure;
  const std::filesystem::path name_space = std::filesystem::read_symlink("/proc/self/ns/pid", failure);
  return first_line("/proc/sys/kernel/random/boot_id") + " " + name_space.string();
}

std::string this_job() {
  for (const char* variable : {"SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID"}) {
    const char* value = std::getenv(variable);
    if (value != nullptr && *value != '\0') return value;
  }
  return "-";
}

std::string new_token() {
  static std::atomic<unsigned> serial{0};
  std::array<std::uint64_t, 2> noise{};
  if (::getrandom(noise.data(), sizeof noise, 0) != static_cast<ssize_t>(sizeof noise)) noise.fill(0);
  return fmt::format("{:016x}{:016x}-{}-{}", noise[0], noise[1], ::getpid(), serial.fetch_add(1));
}

bool is_process_id(const std::string& text) {
  int number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc{} && end == text.data() + text.size() && number > 0;
}

}  // namespace

LockHolder LockHolder::of_this_process() {
  const std::string process = std::to_string(::getpid());
  return {host_name(), process, this_job(), status_of(process).start_time, this_place(), new_token()};
}

LockHolder LockHolder::parse(const std::string& text) {
  LockHolder holder;
  std::istringstream lines(text);
  for (std::string* field :
       {&holder.host, &holder.process, &holder.job, &holder.start_time, &holder.place, &holder.token}) {
    std::getline(lines, *field);
  }
  return holder;
}

std::string LockHolder::text() const {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n", host, process, job, start_time, place, token);
}

std::string LockHolder::describe() const {
  if (host.empty()) return "an unknown process";
  const std::string job_text = job.empty() || job == "-" ? "" : " (job " + quote(job) + ")";
  return fmt::format("process {} on host {}{}", quote(process), quote(host), job_text);
}

bool LockHolder::is_gone() const {
  if (host != host_name() || !is_process_id(process)) return false;
  if (!place.empty() && place != this_place()) return false;
  const int id = std::stoi(process);
  if (::kill(id, 0) != 0 && errno == ESRCH) return true;
  const ProcessStatus status = status_of(process);
  if (status.state == "Z" || status.state == "X") return true;
  return !start_time.empty() && !status.start_time.empty() && status.start_time != start_time;
}

}  // namespace stockpot::io
