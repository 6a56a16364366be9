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

/// The ranks that share scopes: those whose tensors are cut between rows and, in a grid of several columns,
/// all. A cut scope's statistics travel between its owners only: scopes are intervals of rows, and those that
/// don't overlap share one split of the world.
class ScopeCommunicators {
 public:
  /// Collective over the world. `row`: the ranks of this rank's row.
  ScopeCommunicators(comm::Communicator& world, comm::Communicator& row, const plan::MergePlan& plan);
  /// Scopes that this rank has a share of, in the order in which their rounds end.
  [[nodiscard]] const std::vector<SharedScope>& mine() const { return mine_; }
  /// Local. Begins their surveys; they share the memory that there is.
  void begin(Job& job) const;
  /// Collective over the world. True if some survey of some rank has another round.
  [[nodiscard]] bool any_unfinished(const Job& job);
  /// Collective over the world. Ends the round of every survey that isn't complete; all ranks see a failure.
  void end_rounds(Job& job);
  /// Local. Keeps what the complete surveys report.
  void report(Job& job) const;

 private:
  comm::Communicator& world_;
  comm::Communicator& row_;
  std::vector<SharedScope> mine_;
  std::vector<comm::Communicator> by_color_;
};

}  // namespace stockpot::engine
