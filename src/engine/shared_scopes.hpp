#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/job.hpp"
#include "stockpot/comm/communicator.hpp"

namespace stockpot::engine {

/// A scope that this rank shares with others.
struct SharedScope {
  std::uint32_t scope = 0;
  std::optional<std::uint64_t> color;  ///< scopes of one color have no row in common; none: one row's
};

/// The scopes that ranks share, and the ranks of each: those whose tensors are cut between rows and, in a
/// grid of several columns, all. A cut scope's statistics travel between its owners only: scopes are
/// intervals of rows, and those that don't overlap share one split of the world. Scopes are surveyed in
/// batches, so that what their surveys hold stays within the plan's budget.
class SharedScopes {
 public:
  /// Collective over the world. `row`: the ranks of this rank's row.
  SharedScopes(comm::Communicator& world, comm::Communicator& row, Job& job);
  /// Collective over the world. Begins the surveys of the next batch; false when no rank has any left.
  bool begin_batch();
  /// Of this rank's part of the batch, in the order in which their rounds end.
  [[nodiscard]] const std::vector<SharedScope>& batch() const { return batch_; }
  /// Collective over the world. True if some survey of the batch has another round.
  [[nodiscard]] bool any_unfinished();
  /// Collective over the world. Ends the round of every survey that isn't complete; all ranks see a failure.
  void end_round();
  /// Collective over the world. Keeps what the batch's complete surveys report; all ranks see a failure.
  void report();

 private:
  void find_cut_scopes(std::uint64_t my_row);

  comm::Communicator& world_;
  comm::Communicator& row_;
  Job& job_;
  std::vector<SharedScope> cut_;      ///< shared with other rows, by color
  std::vector<SharedScope> own_row_;  ///< shared with the columns of this row only
  std::vector<comm::Communicator> by_color_;
  bool cut_begun_ = false;
  std::size_t next_of_row_ = 0;
  std::vector<SharedScope> batch_;
};

}  // namespace stockpot::engine
