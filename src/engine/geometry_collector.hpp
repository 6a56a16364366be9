#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/leaf_fragments.hpp"
#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/geometry_job.hpp"
#include "stockpot/method/method.hpp"
#include "stockpot/plan/geometry_plan.hpp"
#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::engine {

/// One rank's part of the geometry: the sums over the leaves of the tiles that it was shown, folded as they
/// come. The bits of what comes out depend neither on the cut into tiles nor on who was shown which.
class GeometryCollector {
 public:
  explicit GeometryCollector(plan::GeometryPlan plan);

  [[nodiscard]] const plan::GeometryPlan& plan() const { return plan_; }
  /// Local, thread safe. Adds a tile of a task, if that is measured; each element to one rank, once. False if
  /// a sum of squares is NaN or infinite.
  bool take(std::uint32_t task, const method::Tile& tile);
  /// Collective, once all ranks have taken all tiles. Brings the sums together, and gives rank 0's `sink`
  /// tensors, layers and the model; all ranks see its failure.
  void report(comm::Communicator& world, const GeometrySink& sink) const;

 private:
  /// The measured inputs of one leaf, the base model last.
  bool add_leaf(std::uint32_t tensor, std::uint64_t leaf, std::span<const kernel::TypedInput> inputs,
                std::uint64_t count);
  [[nodiscard]] LeafSums sums_of(std::size_t tensor) const;

  plan::GeometryPlan plan_;
  LeafFragments fragments_;
  std::mutex mutex_;                           ///< guards the sums
  std::vector<std::optional<LeafSums>> sums_;  ///< by tensor; none: nothing of it was shown here
};

}  // namespace stockpot::engine
