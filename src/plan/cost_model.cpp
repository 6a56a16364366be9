#include "stockpot/plan/cost_model.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stockpot/base/error.hpp"

namespace stockpot::plan {
namespace {

/// What a node's parts move.
struct NodeLoad {
  double in_bytes = 0.0;
  double out_bytes = 0.0;
  double disk_bytes = 0.0;
  double merged_bytes = 0.0;
  double threads = 0.0;
};

/// Which share of what a rank sends and receives crosses the network.
struct Crossing {
  double sent = 0.0;
  double received = 0.0;
};

class Placed {
 public:
  Placed(const MergePlan& plan, const Machine& machine) : plan_(plan), machine_(machine) {}

  [[nodiscard]] std::uint64_t node(std::uint64_t rank) const {
    return node_of(machine_, plan_.grid.ranks(), rank);
  }

  [[nodiscard]] Crossing crossing(std::uint64_t rank) const {
    const std::uint64_t columns = plan_.grid.columns;
    if (columns == 1) return {};
    const std::uint64_t first = plan_.row_of(rank) * columns;
    std::uint64_t elsewhere = 0;
    for (std::uint64_t column = 0; column < columns; ++column) {
      if (node(first + column) != node(rank)) ++elsewhere;
    }
    const double share = static_cast<double>(elsewhere) / static_cast<double>(columns - 1);
    if (!only_sums_travel()) return {share, share};
    const std::uint64_t column = plan_.column_of(rank);
    const auto leaves = [&](std::uint64_t other) { return node(other) != node(rank) ? 1.0 : 0.0; };
    return {column + 1 < columns ? leaves(rank + 1) : share, column > 0 ? leaves(rank - 1) : share};
  }

 private:
  /// Surveys exchange tiles whatever the merge does.
  [[nodiscard]] bool only_sums_travel() const {
    return plan_.exchange == Exchange::sums && plan_.scopes.groups.empty();
  }

  const MergePlan& plan_;
  const Machine& machine_;
};

double merged_bytes(const MergePlan& plan, const Traffic& traffic) {
  const auto read = static_cast<double>(traffic.read_bytes);
  if (plan.exchange == Exchange::sums) return read;
  return read - static_cast<double>(traffic.exchanged_bytes) + static_cast<double>(traffic.received_bytes);
}

}  // namespace

std::string_view name(Resource resource) {
  switch (resource) {
    case Resource::storage:
      return "shared storage";
    case Resource::network:
      return "network";
    case Resource::disk:
      return "local disks";
    case Resource::compute:
      return "compute";
  }
  return {};
}

std::uint64_t node_of(const Machine& machine, std::uint64_t ranks, std::uint64_t rank) {
  return machine.order == RankOrder::cyclic ? rank % machine.nodes : rank * machine.nodes / ranks;
}

std::uint64_t copies_of_models(const Machine& machine, GridShape grid) {
  std::uint64_t most = 0;
  std::vector<std::uint64_t> nodes(grid.rows);
  for (std::uint64_t column = 0; column < grid.columns; ++column) {
    for (std::uint64_t row = 0; row < grid.rows; ++row) {
      nodes[row] = node_of(machine, grid.ranks(), row * grid.columns + column);
    }
    std::sort(nodes.begin(), nodes.end());
    const auto distinct = std::unique(nodes.begin(), nodes.end()) - nodes.begin();
    most = std::max(most, static_cast<std::uint64_t>(distinct));
  }
  return most;
}

Prediction predict(const MergePlan& plan, const std::vector<RankForecast>& ranks, const Machine& machine) {
  if (machine.nodes == 0 || machine.nodes > ranks.size()) {
    throw Error(ExitCode::usage,
                fmt::format("{} nodes need as many ranks; there are {}", machine.nodes, ranks.size()));
  }
  const Placed placed(plan, machine);
  const bool is_shared = machine.storage == Storage::shared;
  std::vector<NodeLoad> nodes(machine.nodes);
  double storage_bytes = 0.0;
  for (std::uint64_t rank = 0; rank < ranks.size(); ++rank) {
    const Traffic& traffic = ranks[rank].traffic;
    const auto read = static_cast<double>(traffic.read_bytes);
    const auto written = static_cast<double>(traffic.written_bytes);
    const Crossing crossing = placed.crossing(rank);
    NodeLoad& node = nodes[placed.node(rank)];
    storage_bytes += (is_shared ? read : 0.0) + written;
    node.in_bytes +=
        (is_shared ? read : 0.0) + crossing.received * static_cast<double>(traffic.received_bytes);
    node.out_bytes += written + crossing.sent * static_cast<double>(traffic.exchanged_bytes);
    // What a scope's ranks bring together passes between nodes, if there are several.
    if (machine.nodes > 1) {
      node.in_bytes += static_cast<double>(traffic.gathered_bytes);
      node.out_bytes += static_cast<double>(traffic.reduced_bytes);
    }
    node.disk_bytes += is_shared ? 0.0 : read;
    node.merged_bytes += merged_bytes(plan, traffic);
    node.threads += machine.threads_per_rank;
  }

  Prediction prediction;
  const auto note = [&prediction](Resource resource, double seconds) {
    double& busy = prediction.busy_seconds[static_cast<std::size_t>(resource)];
    busy = std::max(busy, seconds);
    if (busy > prediction.seconds()) prediction.bound = resource;
  };
  note(Resource::storage, storage_bytes / machine.storage_bandwidth);
  for (const NodeLoad& node : nodes) {
    note(Resource::network, std::max(node.in_bytes, node.out_bytes) / machine.node_bandwidth);
    note(Resource::disk, node.disk_bytes / machine.disk_bandwidth);
    note(Resource::compute, node.merged_bytes / (node.threads * machine.merge_bandwidth));
  }
  return prediction;
}

Prediction predict(const MergePlan& plan, const ModelSet& models, const Machine& machine) {
  return predict(plan, forecast(plan, models), machine);
}

}  // namespace stockpot::plan
