#include "cli/machine_options.hpp"

#include "cli/choice.hpp"
#include "cli/option_values.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::cli {

namespace po = boost::program_options;

void add_machine_options(po::options_description& options, MachineOptions& values) {
  auto add = options.add_options();
  add("nodes", po::value(&values.nodes),
      "recommend a grid for the ranks on so many nodes (default with --storage: 1)");
  add("storage", po::value(&values.storage),
      "recommend a grid for models on shared or node-local storage (default with --nodes: shared)");
  add("storage-bandwidth", po::value(&values.storage_bandwidth),
      "shared storage, all nodes together, bytes per second (default: 100GB)");
  add("node-bandwidth", po::value(&values.node_bandwidth),
      "network of a node in each direction, bytes per second (default: 25GB)");
  add("disk-bandwidth", po::value(&values.disk_bandwidth),
      "local disks of a node, bytes per second (default: 5GB)");
  add("merge-bandwidth", po::value(&values.merge_bandwidth),
      "input that one thread merges, bytes per second (default: 2GB)");
}

std::optional<plan::Machine> machine_of(const MachineOptions& values, int ranks, int threads_per_rank) {
  plan::Machine machine;
  machine.threads_per_rank = threads_per_rank;
  const bool is_described = !values.nodes.empty() || !values.storage.empty();
  const auto set = [&](const std::string& option, const std::string& text, double& rate) {
    if (text.empty()) return;
    rate = rate_option(option, text);
    if (!is_described) throw Error(ExitCode::usage, option + " needs --nodes or --storage");
  };
  set("--storage-bandwidth", values.storage_bandwidth, machine.storage_bandwidth);
  set("--node-bandwidth", values.node_bandwidth, machine.node_bandwidth);
  set("--disk-bandwidth", values.disk_bandwidth, machine.disk_bandwidth);
  set("--merge-bandwidth", values.merge_bandwidth, machine.merge_bandwidth);
  if (!is_described) return std::nullopt;
  if (!values.nodes.empty()) {
    machine.nodes = number_option("--nodes", values.nodes, 1, static_cast<std::uint64_t>(ranks));
  }
  if (!values.storage.empty() && choice("--storage", values.storage, {"shared", "node-local"}) == 1) {
    machine.storage = plan::Storage::node_local;
  }
  return machine;
}

}  // namespace stockpot::cli
