#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/options.hpp"
#include "stockpot/plan/partition.hpp"

namespace stockpot::engine {

/// Something to be read, cut into units of `unit_bytes` (the last one may be shorter).
struct SweepItem {
  std::uint64_t bytes = 0;
  std::uint64_t unit_bytes = 1;

  [[nodiscard]] std::uint64_t units() const { return (bytes + unit_bytes - 1) / unit_bytes; }
};

/// A unit, and its place among the units of its rank.
struct SweepUnit {
  std::uint32_t item = 0;
  std::uint64_t unit = 0;
  std::uint64_t slot = 0;
};

/// Hands out the units of one rank in order, each once. Thread safe.
class UnitQueue {
 public:
  /// The share of `rank` when all units are spread over `ranks` ranks: contiguous, balanced by bytes.
  UnitQueue(const std::vector<SweepItem>& items, int rank, int ranks);

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint64_t total_bytes() const noexcept { return total_bytes_; }  ///< of all ranks
  [[nodiscard]] std::uint64_t done_bytes() const noexcept { return done_bytes_; }    ///< of this rank
  /// nullopt once all are handed out, or after `halt`.
  std::optional<SweepUnit> next();
  void finish(const SweepUnit& unit);
  void halt() noexcept { halted_ = true; }

 private:
  const std::vector<SweepItem>& items_;
  std::vector<plan::Piece> pieces_;
  std::vector<std::uint64_t> first_slot_;  ///< by piece
  std::uint64_t size_ = 0;
  std::uint64_t total_bytes_ = 0;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<std::uint64_t> done_bytes_{0};
  std::atomic<bool> halted_{false};
};

/// Collective. Runs `body` in threads on every rank until all queues are empty. A failure of any thread ends
/// all ranks with the same error at their next unit; a stop request with Error{stopped}.
void run_sweep(comm::Communicator& world, UnitQueue& queue, const ReadOptions& options, std::string_view what,
               const std::function<void()>& body);

/// Collective. `make_worker()` makes each thread's worker, `worker(item, unit)` gives a unit's result. Every
/// rank gets the results of all units, item by item. Memory: the results, and what the workers own.
template <typename Result, typename MakeWorker>
std::vector<Result> sweep(comm::Communicator& world, const std::vector<SweepItem>& items,
                          const ReadOptions& options, std::string_view what, MakeWorker make_worker) {
  UnitQueue queue(items, world.rank(), world.size());
  std::vector<Result> results(queue.size());
  run_sweep(world, queue, options, what, [&] {
    auto worker = make_worker();
    while (const auto unit = queue.next()) {
      results[unit->slot] = worker(unit->item, unit->unit);
      queue.finish(*unit);
    }
  });
  return world.all_gather(std::span<const Result>(results), what);
}

}  // namespace stockpot::engine
