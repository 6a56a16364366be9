#include "engine/grid_pass.hpp"

#include <algorithm>
#include <deque>
#include <exception>
#include <limits>
#include <set>
#include <utility>

#include "engine/block_digester.hpp"
#include "engine/control_round.hpp"
#include "engine/grid_steps.hpp"
#include "engine/matrix_sources.hpp"
#include "engine/shared_scopes.hpp"
#include "engine/tile_exchange.hpp"
#include "engine/tile_slot.hpp"
#include "engine/unit_io.hpp"
#include "engine/worker_pool.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/comm/grid.hpp"

namespace stockpot::engine {
namespace {

constexpr std::uint64_t steps_between_rounds = 16;

/// Collective over the row. Keys of the units that an earlier run finished and that are intact on disk,
/// sorted; their owners check them.
std::vector<std::uint64_t> find_finished_units(comm::Communicator& row, Job& job, std::uint64_t row_index) {
  std::vector<std::uint64_t> mine;
  const auto column = static_cast<std::uint64_t>(row.rank());
  comm::agree_after(row, "units of an earlier run", [&] {
    const MemoryBudget::Token scratch = job.budget.acquire(job.plan.buffers.bytes_per_lane);
    for (const plan::Piece& piece : job.plan.pieces[row_index]) {
      for (std::uint64_t unit = piece.first_unit; unit < piece.end_unit && !job.earlier.empty(); ++unit) {
        if (plan::owner_column(job.plan, piece.task, unit) != column) continue;
        std::optional<UnitRecord> record = job.earlier_record(piece.task, unit);
        const plan::TensorTask& task = job.plan.tasks[piece.task];
        if (!record || !is_intact(job, task, plan::unit_span(task, job.models, unit), *record,
                                  {scratch.data(), scratch.size()})) {
          continue;
        }
        mine.push_back(unit_key(piece.task, unit));
        job.finish(std::move(*record));
      }
    }
  });
  std::vector<std::uint64_t> all =
      row.all_gather(std::span<const std::uint64_t>(mine), "units of an earlier run");
  std::sort(all.begin(), all.end());
  return all;
}

/// One rank's side of the pass: a ring of slots, read ahead, exchanged in order, merged behind.
class GridRank {
 public:
  GridRank(comm::Communicator& row, Job& job, GridSteps steps)
      : job_(job),
        steps_(std::move(steps)),
        exchange_(row, job),
        pool_(static_cast<std::size_t>(job.options.plan.threads)) {
    for (std::uint64_t i = 0; i < job.plan.buffers.lanes; ++i) slots_.emplace_back(job);
  }

  /// The next step of the row; false when there is none.
  bool advance() {
    read_ahead();
    if (exchanged_ == started_) return false;
    TileSlot& slot = slots_[exchanged_ % slots_.size()];
    ++exchanged_;
    guard([&] { slot.reading.get(); });
    if (!slot.was_read) exchange_.blank(slot);
    if (!slot.step.surveys) guard([&] { digest_inputs(slot); });
    if (exchange_.by_sums(slot.step)) {
      const std::exception_ptr failure = exchange_.exchange_sums(slot, healthy());
      if (failure && !failure_) failure_ = failure;
    } else {
      exchange_.exchange_tiles(slot);
    }
    if (slot.step.last_of_unit) {
      exchange_.exchange_digests(slot, take_digests(slot));
      exchange_.exchange_soundness(slot, healthy());
    }
    if (exchange_.is_owner(slot.step) && healthy()) {
      slot.merging = pool_.submit([this, &slot] { slot.step.surveys ? survey(slot) : merge(slot); });
    }
    return true;
  }
  /// Waits for everything under way and keeps it.
  void drain() {
    for (; retired_ < exchanged_; ++retired_) retire(slots_[retired_ % slots_.size()]);
    for (TileSlot& slot : slots_) {
      if (slot.reading.valid()) guard([&] { slot.reading.get(); });
    }
  }
  [[nodiscard]] std::exception_ptr failure() const { return failure_; }

 private:
  [[nodiscard]] bool healthy() const { return failure_ == nullptr; }

  template <typename Work>
  void guard(Work work) {
    try {
      work();
    } catch (...) {
      if (!failure_) failure_ = std::current_exception();
    }
  }

  void read_ahead() {
    // One slot stays behind the exchange, where its tile is merged and written meanwhile.
    const std::uint64_t ahead = std::max<std::uint64_t>(1, slots_.size() - 1);
    GridStep step;
    while (started_ < exchanged_ + ahead && steps_.next(step)) {
      if (started_ >= slots_.size() && retired_ + slots_.size() <= started_) {
        retire(slots_[retired_ % slots_.size()]);
        ++retired_;
      }
      TileSlot& slot = slots_[started_ % slots_.size()];
      slot.place(job_, step);
      slot.reading = pool_.submit([this, &slot, skip = !healthy()] {
        if (skip) return;
        read(slot);
        slot.was_read = true;
      });
      ++started_;
    }
  }

  void read(TileSlot& slot) {
    const plan::TensorTask& task = job_.plan.tasks[slot.step.task];
    for (std::size_t i = 0; i < slot.inputs.size(); ++i) {
      if (!exchange_.is_mine(slot.inputs[i])) continue;
      const plan::TileSpan& tile = slot.step.tile;
      read_input(job_, task, slot.inputs[i], tile.first - tile.before, tile.covered(), slot.input_data[i]);
      job_.counters.done_bytes +=
          tile.count * plan::read_bytes_per_element(task, job_.models, slot.inputs[i]);
    }
  }

  void digest_inputs(TileSlot& slot) {
    const plan::TensorTask& task = job_.plan.tasks[slot.step.task];
    input_digesters_.resize(std::max(input_digesters_.size(), slot.inputs.size()));
    for (std::size_t i = 0; i < slot.inputs.size(); ++i) {
      if (!slot.inputs[i].digests || !exchange_.is_mine(slot.inputs[i])) continue;
      const auto bytes_of = [&](std::uint64_t elements) {
        return tile_bytes(task, job_.models, slot.inputs[i], elements);
      };
      input_digesters_[i].add(
          {slot.input_data[i] + bytes_of(slot.step.tile.before), bytes_of(slot.step.tile.count)});
    }
  }

  std::vector<std::vector<Digest>> take_digests(const TileSlot& slot) {
    std::vector<std::vector<Digest>> digests;
    for (std::size_t i = 0; i < slot.inputs.size(); ++i) {
      if (slot.inputs[i].digests) digests.push_back(input_digesters_[i].take());
    }
    return digests;
  }

  void survey(TileSlot& slot) {
    const plan::ScopePlace place = job_.plan.scopes.place[slot.step.task].value();
    const Stopwatch watch(job_.counters.compute_nanoseconds);
    if (slot.tile.count == 0) return;
    check_fisher(job_, job_.plan.tasks[slot.step.task], slot.tile);
    job_.surveys.at(place.scope).take(place.position, slot.tile);
  }

  void merge(TileSlot& slot) {
    const plan::TensorTask& task = job_.plan.tasks[slot.step.task];
    {
      const Stopwatch watch(job_.counters.compute_nanoseconds);
      measure_tile(job_, slot.step.task, slot.tile);
    }
    if (!task.writes()) return;
    if (exchange_.by_sums(slot.step)) {
      slot.result = {slot.tile.output.data, slot.tile.count * plan::output_element_bytes(task)};
    } else {
      const Stopwatch watch(job_.counters.compute_nanoseconds);
      slot.result = merge_tile(job_, task, slot.pass.get(), slot.tile);
    }
    write_tile(job_, task, slot.tile.first, slot.result);
    job_.counters.done_bytes += slot.result.size();
  }

  /// Steps retire in order, so that the output's digest streams.
  void retire(TileSlot& slot) {
    if (slot.merging.valid()) guard([&] { slot.merging.get(); });
    slot.sending.clear();
    if (slot.step.surveys || !exchange_.is_owner(slot.step)) return;
    output_digester_.add(slot.result);
    if (!slot.step.last_of_unit) return;
    UnitRecord record{slot.step.task, slot.step.unit, output_digester_.take(), std::move(slot.unit_inputs)};
    if (healthy() && slot.is_sound) guard([&] { job_.finish(std::move(record)); });
  }

  Job& job_;
  GridSteps steps_;
  TileExchange exchange_;
  std::deque<TileSlot> slots_;
  std::uint64_t started_ = 0;    ///< steps whose reading was begun
  std::uint64_t exchanged_ = 0;  ///< of them, steps that went through the exchange
  std::uint64_t retired_ = 0;    ///< of them, steps that are finished
  std::exception_ptr failure_;
  BlockDigester output_digester_;
  std::vector<BlockDigester> input_digesters_;
  WorkerPool pool_;  // last: its threads end before what they use
};

/// Collective over the world. Works through each row's steps; true when stopping. Throws failures on every
/// rank.
bool run_steps(comm::Communicator& world, comm::Communicator& row, Job& job, ControlRound& control,
               std::vector<GridItem> items) {
  GridSteps steps(job, std::move(items));
  std::uint64_t most_steps = steps.count();
  world.all_reduce(std::span(&most_steps, 1), comm::ReduceOp::max, "steps of the rows");
  GridRank rank(row, job, std::move(steps));
  bool stopped = false;
  for (std::uint64_t round = 0; round * steps_between_rounds < most_steps; ++round) {
    for (std::uint64_t step = 0; step < steps_between_rounds && rank.advance(); ++step) {
    }
    const ControlState state = control.meet(true, rank.failure() != nullptr);
    stopped = state.stop_requested;
    if (state.any_failed || stopped) break;
  }
  rank.drain();
  comm::agree(world, rank.failure(), "merge");
  control.meet(true, false);
  return stopped;
}

template <typename Work>
std::exception_ptr failure_of(Work work) {
  try {
    work();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

/// One row's side of the whole pass.
class GridRow {
 public:
  GridRow(comm::Communicator& world, comm::Communicator& row, Job& job, std::uint64_t row_index,
          std::vector<std::uint64_t> done)
      : world_(world),
        row_(row),
        job_(job),
        control_(world, job),
        row_index_(row_index),
        done_(std::move(done)) {}

  /// Collective over the world. True when stopping.
  bool run() {
    SharedScopes scopes(world_, row_, job_);
    while (scopes.begin_batch()) {
      if (survey(scopes) || merge_batch(scopes)) return true;
    }
    return run_steps(world_, row_, job_, control_,
                     merge_items(job_, row_index_, done_,
                                 [this](std::uint32_t task) { return !merged_.contains(scope_of(task)); }));
  }

 private:
  [[nodiscard]] std::uint32_t scope_of(std::uint32_t task) const {
    const auto& place = job_.plan.scopes.place[task];
    return place ? place->scope : std::numeric_limits<std::uint32_t>::max();
  }

  /// Surveys a batch, round by round.
  bool survey(SharedScopes& scopes) {
    while (scopes.any_unfinished()) {
      std::vector<GridItem> items;
      std::exception_ptr failure;
      for (const SharedScope& shared : scopes.batch()) {
        if (job_.surveys.at(shared.scope).next() == method::Reading::matrices) {
          if (!failure) failure = failure_of([&] { survey_matrices(row_, job_, shared.scope); });
          continue;
        }
        const std::vector<GridItem> more = survey_items(job_, row_index_, shared.scope);
        items.insert(items.end(), more.begin(), more.end());
      }
      comm::agree(world_, failure, "matrices");
      if (run_steps(world_, row_, job_, control_, std::move(items))) return true;
      scopes.end_round();
    }
    scopes.report();
    return false;
  }

  /// Merges what the row has alone of a batch, whose surveys then need no memory any more.
  bool merge_batch(const SharedScopes& scopes) {
    std::set<std::uint32_t> own;
    for (const SharedScope& shared : scopes.batch()) {
      if (!shared.color) own.insert(shared.scope);
    }
    const auto items = merge_items(job_, row_index_, done_,
                                   [&](std::uint32_t task) { return own.contains(scope_of(task)); });
    if (run_steps(world_, row_, job_, control_, items)) return true;
    for (const std::uint32_t scope : own) job_.surveys.close(scope);
    merged_.merge(own);
    return false;
  }

  comm::Communicator& world_;
  comm::Communicator& row_;
  Job& job_;
  ControlRound control_;
  std::uint64_t row_index_;
  std::vector<std::uint64_t> done_;
  std::set<std::uint32_t> merged_;  ///< scopes
};

}  // namespace

PassEnd run_grid_pass(comm::Communicator& world, Job& job) {
  comm::GridCommunicators grid =
      comm::make_grid(world, static_cast<int>(job.plan.grid.rows), static_cast<int>(job.plan.grid.columns));
  const auto row_index = static_cast<std::uint64_t>(grid.column.rank());
  std::vector<std::uint64_t> done;
  std::exception_ptr failure;
  try {
    done = find_finished_units(grid.row, job, row_index);
  } catch (const Error&) {
    failure = std::current_exception();  // the row's; other rows don't know of it
  }
  comm::agree(world, failure, "resume");
  const bool stopped = GridRow(world, grid.row, job, row_index, std::move(done)).run();
  return stopped ? PassEnd::stopped : PassEnd::finished;
}

}  // namespace stockpot::engine
