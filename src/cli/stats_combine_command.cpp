#include <fmt/format.h>

#include "cli/statistics_summary.hpp"
#include "cli/stats_command.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/engine/statistics_job.hpp"

namespace stockpot::cli {

namespace po = boost::program_options;

int stats_combine_command(Invocation& invocation) {
  po::options_description own("Options of stats combine");
  own.add_options()("out", po::value<std::string>(),
                    "the file to write; one that stands there is replaced once the new one is whole");
  const Command command = stats_command_named("combine");
  const auto parsed = parse_list(invocation, command, own);
  if (!parsed) return static_cast<int>(ExitCode::success);
  if (parsed->positional.empty()) {
    throw Error(ExitCode::usage, fmt::format("stockpot {} takes statistics files (none given); see stockpot "
                                             "{} --help",
                                             command.name, command.name));
  }
  engine::RunOptions options = run_options(parsed->common, invocation.world.size());
  options.progress = make_progress(progress_style(parsed->common), "combining");
  const std::string out = required_option(*parsed, command.name, "out", "C.h5, the file to write");
  const std::vector<std::filesystem::path> files(parsed->positional.begin(), parsed->positional.end());
  const engine::StatisticsSummary summary = engine::combine_statistics(invocation.world, files, out, options);
  if (invocation.world.is_root()) print_statistics(summary, out, parsed->common.json);
  return static_cast<int>(ExitCode::success);
}

}  // namespace stockpot::cli
