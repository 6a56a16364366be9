#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "cli/command.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/engine/geometry_job.hpp"
#include "stockpot/report/geometry.hpp"

namespace stockpot::cli {
namespace {

namespace po = boost::program_options;

int stats_geometry_command(Invocation& invocation);

/// What `stockpot stats` can measure, in the order of the help text.
const std::vector<Command>& stats_commands() {
  static const std::vector<Command> all{
      {"geometry", "RECIPE --out S.h5 [options]",
       "Measures norms, angles and distances of the models that a recipe names", stats_geometry_command},
  };
  return all;
}

/// One of them as `parse` presents it.
Command full_command(const std::string& name) {
  Command command = *std::find_if(stats_commands().begin(), stats_commands().end(),
                                  [&name](const Command& c) { return c.name == name; });
  command.name = "stats " + command.name;
  return command;
}

std::string stats_overview() {
  std::string text = "usage: stockpot stats COMMAND ...\nWrites statistics files (HDF5).\n\n";
  for (const Command& command : stats_commands()) {
    text += fmt::format("  {:<9} {}\n", command.name, command.summary);
  }
  return text + "\nstockpot stats COMMAND --help explains each.\n";
}

int stats_geometry_command(Invocation& invocation) {
  po::options_description own("Options of stats geometry");
  own.add_options()("out", po::value<std::string>(),
                    "the file to write; one that stands there is replaced once the new one is whole");
  const auto parsed = parse(invocation, full_command("geometry"), own, {"RECIPE"});
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

}  // namespace

int stats_command(Invocation& invocation) {
  std::vector<std::string>& arguments = invocation.arguments;
  if (!arguments.empty() && (arguments.front() == "--help" || arguments.front() == "-h")) {
    if (invocation.world.is_root()) std::cout << stats_overview();
    return static_cast<int>(ExitCode::success);
  }
  std::vector<std::string> names;
  for (const Command& command : stats_commands()) names.push_back(command.name);
  if (arguments.empty()) {
    throw Error(ExitCode::usage, "stockpot stats needs a command; see stockpot stats --help");
  }
  const auto found = std::find(names.begin(), names.end(), arguments.front());
  if (found == names.end()) {
    const auto meant = nearest(arguments.front(), names);
    throw Error(ExitCode::usage, fmt::format("unknown command stats {}{}", quote(arguments.front()),
                                             meant ? fmt::format(" (did you mean {}?)", *meant) : ""));
  }
  arguments.erase(arguments.begin());
  return stats_commands()[static_cast<std::size_t>(found - names.begin())].run(invocation);
}

}  // namespace stockpot::cli
