#pragma once

#include <string>
#include <vector>

#include "cli/common_options.hpp"
#include "stockpot/comm/communicator.hpp"

namespace stockpot::cli {

/// What a subcommand is given.
struct Invocation {
  std::vector<std::string> arguments;  ///< after the subcommand's name
  comm::Communicator& world;
  double mpi_init_seconds = 0.0;
};

/// One subcommand. `run` is collective; it returns the exit code or throws.
struct Command {
  std::string name;
  std::string arguments;
  std::string summary;
  int (*run)(Invocation&);
};

/// Every subcommand, in the order of the help text.
const std::vector<Command>& commands();

/// Parses a subcommand's arguments: the common options, `own`, and exactly the named positional ones. nullopt
/// when --help was asked for and shown (on rank 0). Throws Error{usage} naming the nearest option.
struct Parsed {
  CommonOptions common;
  boost::program_options::variables_map values;
  std::vector<std::string> positional;
};
std::optional<Parsed> parse(const Invocation& invocation, const Command& command,
                            const boost::program_options::options_description& own,
                            const std::vector<std::string>& positional_names);
/// The same for a command that takes any number of positional arguments.
std::optional<Parsed> parse_list(const Invocation& invocation, const Command& command,
                                 const boost::program_options::options_description& own);

int merge_command(Invocation& invocation);
int plan_command(Invocation& invocation);
int soup_command(Invocation& invocation);
int stats_command(Invocation& invocation);
int inspect_command(Invocation& invocation);
int diff_command(Invocation& invocation);
int verify_command(Invocation& invocation);
int convert_command(Invocation& invocation);

/// The entry of that name. @pre it exists
const Command& command_named(const std::string& name);

}  // namespace stockpot::cli
