#pragma once

#include <exception>

#include "engine/tile_slot.hpp"
#include "stockpot/comm/communicator.hpp"

namespace stockpot::engine {

/// Brings the columns of a row together for one tile. Every call is matched by all columns of the row, in
/// step order.
class TileExchange {
 public:
  TileExchange(comm::Communicator& row, Job& job);

  /// Local. Zeros for inputs of this column that could not be read: what a failed rank goes on sending must
  /// not look like another failure.
  void blank(TileSlot& slot) const;
  /// Stored tiles travel to the owner; afterwards the owner holds every input.
  void exchange_tiles(TileSlot& slot);
  /// Running sums pass through the columns that hold inputs; afterwards the owner holds the finished output
  /// tile. `healthy` false keeps step without computing; what fails in computing is returned, for the same
  /// reason.
  [[nodiscard]] std::exception_ptr exchange_sums(TileSlot& slot, bool healthy);
  /// The unit's input digests travel to its owner, which gets them all, by digested input.
  void exchange_digests(TileSlot& slot, std::vector<std::vector<Digest>> mine);
  /// Whether all columns that the unit came from were healthy to its end travels to its owner, which else
  /// must not take it for finished.
  void exchange_soundness(TileSlot& slot, bool healthy);
  /// True if this column reads the input.
  [[nodiscard]] bool is_mine(const plan::InputRef& input) const {
    return job_.plan.column_of_model[input.model] == column_;
  }
  /// True if the step goes by running sums.
  [[nodiscard]] bool by_sums(const GridStep& step) const;
  [[nodiscard]] bool is_owner(const GridStep& step) const { return step.owner == column_; }

 private:
  void send(TileSlot& slot, std::span<const std::byte> bytes, std::uint64_t to, int tag);
  void receive(std::span<std::byte> bytes, std::uint64_t from, int tag);
  /// Columns that read any of these, ascending.
  [[nodiscard]] std::vector<std::uint64_t> holders(const std::vector<plan::InputRef>& inputs) const;
  /// The tile's inputs, with data only where this column has it.
  [[nodiscard]] std::vector<kernel::TypedInput> inputs_here(const TileSlot& slot) const;
  void compute_sums(TileSlot& slot, bool finishes);
  void spread_anchor(TileSlot& slot, const std::vector<std::uint64_t>& columns);

  comm::Communicator& row_;
  Job& job_;
  std::uint64_t column_;
};

}  // namespace stockpot::engine
