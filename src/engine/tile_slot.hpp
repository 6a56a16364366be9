#pragma once

#include <future>
#include <memory>
#include <span>
#include <vector>

#include "engine/grid_steps.hpp"
#include "stockpot/comm/communicator.hpp"

namespace stockpot::engine {

/// The buffers and transfers of one step under way in a grid.
struct TileSlot {
  explicit TileSlot(Job& job) : buffer(job.budget.acquire(job.plan.buffers.bytes_per_lane)) {}

  MemoryBudget::Token buffer;
  bool busy = false;
  GridStep step;
  std::vector<plan::InputRef> inputs;  ///< all that the task reads
  std::vector<std::byte*> input_data;
  std::vector<kernel::TypedInput> typed_inputs;
  method::Tile tile;
  std::span<double> sums;
  std::unique_ptr<method::ElementPass> pass;
  std::future<void> reading;
  std::future<void> merging;
  bool was_read = false;  ///< this column's inputs are in the buffer
  bool is_sound = false;  ///< on the owner, after the unit's last tile: nothing of it came from a failed rank
  std::span<const std::byte> result;  ///< what was written, on the owner
  std::vector<std::unique_ptr<comm::PendingTransfer>> sending;
  std::vector<std::vector<Digest>> unit_inputs;  ///< on the owner, after the unit's last tile

  /// Cuts the buffer for a step: a tile per input, running sums, the output.
  void place(const Job& job, const GridStep& next);
};

}  // namespace stockpot::engine
