#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "stockpot/plan/merge_plan.hpp"

/// How long a planned merge takes on a machine that is described by four rates: a roofline. Reads, exchange,
/// compute and writes overlap, so the slowest resource alone sets the time. Latencies, opening files,
/// reductions of statistics and fsync are not in it; docs/scaling.md says how far it was checked.
namespace stockpot::plan {

/// Where the models lie. The output always goes to the shared storage.
enum class Storage {
  shared,      ///< every rank sees every model; reached over the node's network
  node_local,  ///< each node has disks of its own; a model lies on those nodes whose ranks read it
};

/// How ranks lie on nodes.
enum class RankOrder {
  block,   ///< consecutive ranks share a node
  cyclic,  ///< rank r on node r mod nodes
};

enum class Resource { storage, network, disk, compute };
inline constexpr std::size_t resource_count = 4;
std::string_view name(Resource resource);  ///< "shared storage", "network", "local disks", "compute"

/// A cluster, in bytes per second. The defaults are those of `stockpot plan --help`.
struct Machine {
  std::uint64_t nodes = 1;
  int threads_per_rank = 1;
  Storage storage = Storage::shared;
  RankOrder order = RankOrder::block;
  double storage_bandwidth = 100e9;  ///< shared storage, all nodes together, reads and writes together
  double node_bandwidth = 25e9;      ///< network of a node, each direction
  double disk_bandwidth = 5e9;       ///< local disks of a node
  double merge_bandwidth = 2e9;      ///< input that a thread merges
};

/// Seconds that each resource is busy: the shared storage as a whole, the others on their busiest node.
struct Prediction {
  std::array<double, resource_count> busy_seconds{};  ///< by Resource
  Resource bound = Resource::storage;                 ///< the busiest
  [[nodiscard]] double of(Resource resource) const {
    return busy_seconds[static_cast<std::size_t>(resource)];
  }
  [[nodiscard]] double seconds() const { return of(bound); }
};

/// Node of a rank among `ranks`; blocks differ by one rank at most.
std::uint64_t node_of(const Machine& machine, std::uint64_t ranks, std::uint64_t rank);

/// On how many nodes the models of one column must lie: the most of any column. Cost: O(ranks).
std::uint64_t copies_of_models(const Machine& machine, GridShape grid);

/// Bytes are those of `ranks`, the plan's forecast. Columns of one row that share a node exchange without the
/// network; else a column's tiles go to all other columns alike, and sums to the next one. A rank merges what
/// it reads or, where tiles are exchanged, what it owns. Throws Error{usage} when there are more nodes than
/// ranks. Pure; cost: O(ranks).
Prediction predict(const MergePlan& plan, const std::vector<RankForecast>& ranks, const Machine& machine);
Prediction predict(const MergePlan& plan, const ModelSet& models, const Machine& machine);

}  // namespace stockpot::plan
