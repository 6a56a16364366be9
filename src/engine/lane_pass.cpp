#include "engine/lane_pass.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/control_round.hpp"
#include "engine/unit_worker.hpp"
#include "stockpot/comm/agreement.hpp"

namespace stockpot::engine {
namespace {

/// Hands out a row's units in order, each once. Thread safe.
class UnitQueue {
 public:
  explicit UnitQueue(const std::vector<plan::Piece>& pieces) : pieces_(pieces) {
    for (const plan::Piece& piece : pieces) {
      first_of_piece_.push_back(size_);
      size_ += piece.end_unit - piece.first_unit;
    }
  }
  bool next(std::uint32_t& task, std::uint64_t& unit) {
    const std::uint64_t index = next_++;
    if (index >= size_) return false;
    const auto after = std::upper_bound(first_of_piece_.begin(), first_of_piece_.end(), index);
    const auto piece = static_cast<std::size_t>(after - first_of_piece_.begin()) - 1;
    task = pieces_[piece].task;
    unit = pieces_[piece].first_unit + index - first_of_piece_[piece];
    return true;
  }

 private:
  const std::vector<plan::Piece>& pieces_;
  std::vector<std::uint64_t> first_of_piece_;
  std::uint64_t size_ = 0;
  std::atomic<std::uint64_t> next_{0};
};

/// The lanes of one rank.
class Lanes {
 public:
  Lanes(Job& job, UnitQueue& queue) : job_(job), queue_(queue), running_(job.plan.buffers.lanes) {
    for (std::uint64_t i = 0; i < job.plan.buffers.lanes; ++i) threads_.emplace_back([this] { work(); });
  }
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;
  ~Lanes() {
    halt();
    for (std::thread& thread : threads_) thread.join();
  }

  /// Lanes end after the unit they are at.
  void halt() { halted_ = true; }
  /// Waits until every lane has ended, at most `longest`; true when they have.
  bool wait(std::chrono::milliseconds longest) {
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, longest, [this] { return running_ == 0; });
  }
  [[nodiscard]] std::exception_ptr failure() {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

 private:
  void work() {
    std::exception_ptr failure;
    try {
      UnitWorker worker(job_);
      std::uint32_t task = 0;
      std::uint64_t unit = 0;
      while (!halted_ && queue_.next(task, unit)) worker.run(task, unit);
    } catch (...) {
      failure = std::current_exception();
      halt();
    }
    const std::lock_guard lock(mutex_);
    if (failure && !failure_) failure_ = failure;
    --running_;
    ended_.notify_all();
  }

  Job& job_;
  UnitQueue& queue_;
  std::atomic<bool> halted_{false};
  std::mutex mutex_;
  std::condition_variable ended_;
  std::uint64_t running_;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

}  // namespace

PassEnd run_lane_pass(comm::Communicator& world, Job& job) {
  constexpr std::chrono::milliseconds between_rounds{20};
  UnitQueue queue(job.plan.pieces[job.plan.row_of(static_cast<std::uint64_t>(world.rank()))]);
  Lanes lanes(job, queue);
  ControlRound control(world, job);
  bool stopping = false;
  while (true) {
    const bool idle = lanes.wait(between_rounds);
    const ControlState state = control.meet(idle, lanes.failure() != nullptr);
    if (state.any_failed || state.stop_requested) lanes.halt();
    stopping = stopping || state.stop_requested;
    if (state.all_idle) break;
  }
  comm::agree(world, lanes.failure(), "merge");
  return stopping ? PassEnd::stopped : PassEnd::finished;
}

}  // namespace stockpot::engine
