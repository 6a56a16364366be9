#pragma once

#include <boost/program_options.hpp>
#include <optional>
#include <string>

#include "stockpot/plan/cost_model.hpp"

namespace stockpot::cli {

/// The cluster that `stockpot plan` recommends a grid for, as given; empty where the default holds.
struct MachineOptions {
  std::string nodes;
  std::string storage;
  std::string storage_bandwidth;
  std::string node_bandwidth;
  std::string disk_bandwidth;
  std::string merge_bandwidth;
};

/// Describes them for a parser; `values` receives them.
void add_machine_options(boost::program_options::options_description& options, MachineOptions& values);

/// The machine; nullopt unless --nodes or --storage is given. Throws Error{usage} for values that make no
/// sense, and for bandwidths of a machine that isn't described.
std::optional<plan::Machine> machine_of(const MachineOptions& values, int ranks, int threads_per_rank);

}  // namespace stockpot::cli
