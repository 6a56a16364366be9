#include "cli/command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>

#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::cli {
namespace {

namespace po = boost::program_options;

std::string help_text(const Command& command, const po::options_description& own,
                      const po::options_description& common) {
  std::ostringstream text;
  text << "usage: stockpot " << command.name << " " << command.arguments << "\n"
       << command.summary << ".\n\n";
  if (!own.options().empty()) text << own << "\n";
  text << common;
  return text.str();
}

/// What the user typed may hold line feeds and worse.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

std::string unknown_option(const std::string& option, const po::options_description& all) {
  std::vector<std::string> names;
  for (const auto& description : all.options()) names.push_back("--" + description->long_name());
  const auto meant = nearest(option, names);
  return fmt::format("unknown option {}{}", option, meant ? fmt::format(" (did you mean {}?)", *meant) : "");
}

}  // namespace

std::optional<Parsed> parse_list(const Invocation& invocation, const Command& command,
                                 const po::options_description& own) {
  Parsed parsed;
  const po::options_description common = describe(parsed.common);
  po::options_description all;
  all.add(own).add(common).add_options()("positional", po::value(&parsed.positional));
  po::positional_options_description positional;
  positional.add("positional", -1);
  try {
    po::store(po::command_line_parser(invocation.arguments)
                  .options(all)
                  .positional(positional)
                  .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
                  .run(),
              parsed.values);
    po::notify(parsed.values);
  } catch (const po::unknown_option& error) {
    throw Error(ExitCode::usage, one_line(unknown_option(error.get_option_name(), all)));
  } catch (const po::error& error) {
    throw Error(ExitCode::usage, one_line(error.what()));
  }
  if (parsed.values.count("help") > 0) {
    if (invocation.world.is_root()) std::cout << help_text(command, own, common);
    return std::nullopt;
  }
  set_log_level(invocation.world.is_root() ? parsed.common.log_level : "off");
  return parsed;
}

std::optional<Parsed> parse(const Invocation& invocation, const Command& command,
                            const po::options_description& own,
                            const std::vector<std::string>& positional_names) {
  std::optional<Parsed> parsed = parse_list(invocation, command, own);
  if (!parsed) return std::nullopt;
  if (parsed->positional.size() != positional_names.size()) {
    throw Error(
        ExitCode::usage,
        fmt::format("stockpot {} takes {} ({} given); see stockpot {} --help", command.name,
                    positional_names.empty() ? "no arguments"
                                             : fmt::format("{}", fmt::join(positional_names, " and ")),
                    parsed->positional.size(), command.name));
  }
  return parsed;
}

const std::vector<Command>& commands() {
  static const std::vector<Command> all{
      {"merge", "RECIPE OUT [options]", "Merges the checkpoints that a recipe names into one", merge_command},
      {"plan", "RECIPE [options]", "Tells from headers only who will do what, and every problem at once",
       plan_command},
      {"stats", "COMMAND ...", "Measures models and writes what it finds to a statistics file",
       stats_command},
      {"soup", "RECIPE OUT [options]",
       "Searches a soup of the recipe's models, scores candidates, and merges the winner", soup_command},
      {"inspect", "CHECKPOINT [options]",
       "Lists the tensors of a checkpoint, or the objects of a sample or statistics file", inspect_command},
      {"diff", "A B [options]", "Compares two checkpoints tensor by tensor", diff_command},
      {"verify", "OUT [options]", "Checks a merged checkpoint's content against its manifest",
       verify_command},
      {"convert", "IN OUT [options]", "Changes format (safetensors, HDF5), dtype or sharding of a checkpoint",
       convert_command},
  };
  return all;
}

const Command& command_named(const std::string& name) {
  return *std::find_if(commands().begin(), commands().end(),
                       [&name](const Command& c) { return c.name == name; });
}

}  // namespace stockpot::cli
