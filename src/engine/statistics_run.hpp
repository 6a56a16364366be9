#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

#include "stockpot/base/error.hpp"
#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/statistics_job.hpp"
#include "stockpot/io/file.hpp"

namespace stockpot::engine {

/// Name of a statistics file in its partial folder.
inline constexpr const char* statistics_file_name = "statistics.h5";

/// What a job that writes a statistics file measures of itself.
class StatisticsRun {
 public:
  explicit StatisticsRun(comm::Communicator& world);
  /// Collective. Of the file that was written.
  [[nodiscard]] StatisticsSummary summary(const io::StatisticsFile& written);

 private:
  comm::Communicator& world_;
  std::chrono::steady_clock::time_point begin_;
  std::uint64_t read_before_;
};

/// Throws Error{input} if the file is not what it was.
void require_unchanged(const std::filesystem::path& path, const io::FileIdentity& before);

/// Runs a job that keeps nothing when it is stopped, and says so.
template <typename Job>
StatisticsSummary begins_anew(const std::filesystem::path& output, const Job& job) {
  try {
    return job();
  } catch (const Error& error) {
    if (error.code() != ExitCode::stopped) throw;
    throw Error(ExitCode::stopped, "stopped on request; the same command begins anew", {output.string(), ""});
  }
}

}  // namespace stockpot::engine
