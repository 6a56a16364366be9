#pragma once

#include <string>

namespace stockpot::io {

/// Who holds a lock, as its file says, one line each: host, process id, job id, start time of the process
/// (so that a re-used id is not taken for the holder), place (boot and process-id namespace: ids of two
/// places can't be compared, even if both call themselves "localhost"), token (unlike any other claim's).
struct LockHolder {
  std::string host;
  std::string process;
  std::string job;
  std::string start_time;
  std::string place;
  std::string token;

  static LockHolder of_this_process();
  /// Missing lines are empty.
  static LockHolder parse(const std::string& text);
  [[nodiscard]] std::string text() const;
  /// "process 4711 on host n3 (job 12)".
  [[nodiscard]] std::string describe() const;
  /// True if the holder ran where this process runs and certainly does not any more.
  [[nodiscard]] bool is_gone() const;
};

}  // namespace stockpot::io
