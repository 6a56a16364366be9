#pragma once

#include <boost/program_options.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "cli/progress_bar.hpp"
#include "stockpot/engine/options.hpp"

namespace stockpot::cli {

/// Options that every subcommand understands, as given.
struct CommonOptions {
  std::string threads;  ///< empty: as many as the affinity mask has processors
  std::string memory;
  std::string seed = "0";
  std::string device = "cpu";
  std::string grid;
  std::string shard_size = "5e9";
  std::string dtype;
  std::string durability = "fsync";
  std::string nonfinite = "error";
  std::string progress = "auto";
  std::string log_level = "warn";
  bool lenient = false;
  bool json = false;
};

/// Describes them for a parser; `values` receives them.
boost::program_options::options_description describe(CommonOptions& values);

/// The options as the engine takes them, for a job of `ranks` ranks. Throws Error{usage} for values that make
/// no sense.
engine::RunOptions run_options(const CommonOptions& values, int ranks);

ProgressStyle progress_style(const CommonOptions& values);
void set_log_level(const std::string& level);

}  // namespace stockpot::cli
