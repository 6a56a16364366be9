#include <fmt/format.h>

#include <iostream>

#include "cli/stats_command.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/engine/geometry_job.hpp"
#include "stockpot/report/geometry.hpp"

namespace stockpot::cli {

namespace po = boost::program_options;

int stats_geometry_command(Invocation& invocation) {
  po::options_description own("Options of stats geometry");
  own.add_options()("out", po::value<std::string>(),
                    "the file to write; one that stands there is replaced once the new one is whole");
  const auto parsed = parse(invocation, stats_command_named("geometry"), own, {"RECIPE"});
  if (!parsed) return static_cast<int>(ExitCode::success);
  if (parsed->values.count("out") == 0) {
    throw Error(ExitCode::usage, "stockpot stats geometry needs --out S.h5, the file to write");
  }
  engine::RunOptions options = run_options(parsed->common, invocation.world.size());
  options.statistics = parsed->values["out"].as<std::string>();
  options.progress = make_progress(progress_style(parsed->common), "measuring");

  report::GeometryJson json;
  io::GeometryItem last;
  const engine::GeometrySummary summary = engine::measure_geometry(
      invocation.world, parsed->positional[0], options, [&](const io::GeometryItem& item) {
        if (parsed->common.json) json.add(item);
        last = item;
      });
  if (!invocation.world.is_root()) return static_cast<int>(ExitCode::success);
  if (parsed->common.json) {
    std::cout << json.text(summary.models) << std::flush;
  } else {
    std::cout << fmt::format("{}: {} tensors of {} elements, {:.2f} s ({:.2f} GB/s read)\n",
                             options.statistics.string(), summary.tensors, last.elements, summary.seconds,
                             static_cast<double>(summary.read_bytes) * 1e-9 / summary.seconds)
              << report::geometry_text(last, summary.models) << std::flush;
  }
  return static_cast<int>(ExitCode::success);
}

}  // namespace stockpot::cli
