#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "cli/stats_command.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::cli {
namespace {

/// What `stockpot stats` can measure, in the order of the help text.
const std::vector<Command>& stats_commands() {
  static const std::vector<Command> all{
      {"geometry", "RECIPE --out S.h5 [options]",
       "Measures norms, angles and distances of the models that a recipe names", stats_geometry_command},
      {"gram", "SAMPLES.h5... --model CHECKPOINT --out S.h5 [options]",
       "Gram matrices of layer inputs and output gradients, from samples or by running a model",
       stats_gram_command},
      {"fisher", "SAMPLES.h5... --model CHECKPOINT --out S.h5 [options]",
       "Diagonal Fisher values of a model's tensors, from samples or by running a model",
       stats_fisher_command},
      {"combine", "A.h5 B.h5 ... --out C.h5 [options]",
       "Makes one statistics file of several, weighted by tokens and examples", stats_combine_command},
  };
  return all;
}

std::string stats_overview() {
  std::string text = "usage: stockpot stats COMMAND ...\nWrites statistics files (HDF5).\n\n";
  for (const Command& command : stats_commands()) {
    text += fmt::format("  {:<9} {}\n", command.name, command.summary);
  }
  return text + "\nstockpot stats COMMAND --help explains each.\n";
}

}  // namespace

Command stats_command_named(const std::string& name) {
  Command command = *std::find_if(stats_commands().begin(), stats_commands().end(),
                                  [&name](const Command& c) { return c.name == name; });
  command.name = "stats " + command.name;
  return command;
}

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
