#include "engine/lane_pass.hpp"

#include <atomic>
#include <chrono>
#include <utility>
#include <vector>

#include "engine/control_round.hpp"
#include "engine/lanes.hpp"
#include "engine/shared_scopes.hpp"
#include "engine/work_schedule.hpp"
#include "stockpot/comm/agreement.hpp"

namespace stockpot::engine {
namespace {

/// Collective. Lets lanes work until every rank's have ended, or one has failed, or a stop was requested.
/// Throws the failure on every rank; true when stopping.
bool run_lanes(comm::Communicator& world, Job& job, ControlRound& control, const Lanes::Work& work,
               const std::function<void()>& halt) {
  constexpr std::chrono::milliseconds between_rounds{20};
  bool stopping = false;
  std::exception_ptr failure;
  {
    Lanes lanes(job, work, halt);
    while (true) {
      const bool idle = lanes.wait(between_rounds);
      const ControlState state = control.meet(idle, lanes.failure() != nullptr);
      if (state.any_failed || state.stop_requested) lanes.halt();
      stopping = stopping || state.stop_requested;
      if (state.all_idle) break;
    }
    failure = lanes.failure();
  }
  comm::agree(world, failure, "merge");
  return stopping;
}

/// Items that lanes take one by one. Thread safe.
class ItemList {
 public:
  explicit ItemList(std::vector<WorkItem> items) : items_(std::move(items)) {}
  bool next(WorkItem& item) {
    const std::uint64_t index = next_++;
    if (index >= items_.size()) return false;
    item = items_[index];
    return true;
  }
  void halt() { next_ = items_.size(); }

 private:
  std::vector<WorkItem> items_;
  std::atomic<std::uint64_t> next_{0};
};

/// Collective. Surveys the scopes that several rows share, all of them round by round. True when stopping.
bool survey_shared_scopes(comm::Communicator& world, Job& job, ControlRound& control,
                          const std::vector<plan::Piece>& pieces) {
  comm::Communicator alone = comm::make_serial();
  SharedScopes scopes(world, alone, job);
  while (scopes.begin_batch()) {
    while (scopes.any_unfinished()) {
      std::vector<WorkItem> items;
      for (const SharedScope& shared : scopes.batch()) {
        const std::vector<WorkItem> more = survey_items(job, shared.scope, pieces);
        items.insert(items.end(), more.begin(), more.end());
      }
      ItemList list(std::move(items));
      const auto work = [&list](UnitWorker& worker) {
        WorkItem item;
        if (!list.next(item)) return false;
        worker.survey(item);
        return true;
      };
      if (run_lanes(world, job, control, work, [&list] { list.halt(); })) return true;
      scopes.end_round();
    }
    scopes.report();
  }
  return false;
}

}  // namespace

PassEnd run_lane_pass(comm::Communicator& world, Job& job) {
  const std::vector<plan::Piece>& pieces =
      job.plan.pieces[job.plan.row_of(static_cast<std::uint64_t>(world.rank()))];
  ControlRound control(world, job);
  if (survey_shared_scopes(world, job, control, pieces)) return PassEnd::stopped;
  WorkSchedule schedule(job, pieces);
  const auto work = [&schedule](UnitWorker& worker) {
    WorkItem item;
    if (!schedule.next(item)) return false;
    if (item.kind == WorkItem::Kind::survey) {
      worker.survey(item);
    } else {
      worker.run(item.task, item.unit);
    }
    schedule.done(item);
    return true;
  };
  const bool stopping = run_lanes(world, job, control, work, [&schedule] { schedule.halt(); });
  return stopping ? PassEnd::stopped : PassEnd::finished;
}

}  // namespace stockpot::engine
