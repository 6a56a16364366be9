#include <utility>

#include "engine/statistics_fold.hpp"
#include "engine/statistics_output.hpp"
#include "engine/statistics_run.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/engine/statistics_job.hpp"

namespace stockpot::engine {
namespace {

StatisticsSummary combine(comm::Communicator& world, const std::vector<std::filesystem::path>& paths,
                          const std::filesystem::path& target, const RunOptions& options) {
  StatisticsRun run(world);
  std::vector<io::FileIdentity> identities;
  std::vector<io::StatisticsFile> opened;
  std::vector<const io::StatisticsFile*> files;
  Fold fold;
  StatisticsLimits limits;
  comm::agree_after(world, "statistics files", [&] {
    if (paths.empty()) throw Error(ExitCode::usage, "no statistics files to combine");
    for (const std::filesystem::path& path : paths) {
      identities.push_back(io::identify(io::File::open_to_read(path)));
      opened.push_back(io::StatisticsFile::open(path));
    }
    for (const io::StatisticsFile& file : opened) files.push_back(&file);
    fold = plan_fold(files, {});
    limits = statistics_limits(options, fold.statistics.size(), least_fold_bytes(fold.most_rows()));
  });
  StatisticsOutput output(world, target, options.durability);
  StepProgress progress(options, fold.work_bytes());
  const auto writer = output.create(statistics_file_name, fold.header, fold.stored());
  write_fold(world, fold, files, *writer, limits, progress);
  comm::agree_after(world, "end of the statistics files", [&] {
    for (std::size_t f = 0; f < paths.size(); ++f) require_unchanged(paths[f], identities[f]);
  });
  output.publish(statistics_file_name, *writer);
  return run.summary(writer->file());
}

}  // namespace

StatisticsSummary combine_statistics(comm::Communicator& world,
                                     const std::vector<std::filesystem::path>& files,
                                     const std::filesystem::path& output, const RunOptions& options) {
  return begins_anew(output, [&] { return combine(world, files, output, options); });
}

}  // namespace stockpot::engine
