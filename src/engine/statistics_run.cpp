#include "engine/statistics_run.hpp"

namespace stockpot::engine {

StatisticsRun::StatisticsRun(comm::Communicator& world)
    : world_(world),
      begin_(std::chrono::steady_clock::now()),
      read_before_(io::transfer_counters().read_bytes) {}

StatisticsSummary StatisticsRun::summary(const io::StatisticsFile& written) {
  StatisticsSummary summary;
  summary.header = written.header();
  for (const io::Statistic& statistic : written.statistics()) {
    summary.statistics.push_back(
        {statistic.kind, statistic.name, statistic.data.shape, statistic.count.value_or(0)});
  }
  const std::uint64_t read_bytes = io::transfer_counters().read_bytes - read_before_;
  summary.read_bytes = world_.all_reduce(read_bytes, comm::ReduceOp::sum, "bytes read");
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  return summary;
}

void require_unchanged(const std::filesystem::path& path, const io::FileIdentity& before) {
  if (io::identify(io::File::open_to_read(path)) == before) return;
  throw Error(ExitCode::input, "changed while it was read", {path.string(), ""});
}

}  // namespace stockpot::engine
