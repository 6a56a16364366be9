#include "stockpot/engine/sweep.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <span>
#include <string>
#include <thread>

#include "stockpot/comm/agreement.hpp"

namespace stockpot::engine {
namespace {

/// The threads of one rank.
class Threads {
 public:
  Threads(std::uint64_t count, UnitQueue& queue, const std::function<void()>& body)
      : queue_(queue), body_(body), running_(count) {
    try {
      for (std::uint64_t i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
    } catch (...) {
      join();
      throw;
    }
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { join(); }

  /// Waits until every thread has ended, at most `longest`; true when they have.
  bool wait(std::chrono::milliseconds longest) {
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, longest, [this] { return running_ == 0; });
  }
  [[nodiscard]] std::exception_ptr failure() {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

 private:
  void join() {
    queue_.halt();
    for (std::thread& thread : threads_) thread.join();
  }
  void work() {
    std::exception_ptr failure;
    try {
      body_();
    } catch (...) {
      failure = std::current_exception();
      queue_.halt();
    }
    const std::lock_guard lock(mutex_);
    if (failure && !failure_) failure_ = failure;
    --running_;
    ended_.notify_all();
  }

  UnitQueue& queue_;
  const std::function<void()>& body_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::uint64_t running_;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

}  // namespace

UnitQueue::UnitQueue(const std::vector<SweepItem>& items, int rank, int ranks) : items_(items) {
  std::vector<plan::WorkLoad> loads;
  loads.reserve(items.size());
  for (const SweepItem& item : items) {
    loads.push_back({item.units(), static_cast<double>(item.bytes), static_cast<double>(item.unit_bytes)});
    total_bytes_ += item.bytes;
  }
  auto shares = plan::partition(loads, static_cast<std::uint64_t>(ranks));
  pieces_ = std::move(shares[static_cast<std::size_t>(rank)]);
  for (const plan::Piece& piece : pieces_) {
    first_slot_.push_back(size_);
    size_ += piece.end_unit - piece.first_unit;
  }
}

std::optional<SweepUnit> UnitQueue::next() {
  if (halted_) return std::nullopt;
  const std::uint64_t slot = next_++;
  if (slot >= size_) return std::nullopt;
  const auto after = std::upper_bound(first_slot_.begin(), first_slot_.end(), slot);
  const auto piece = static_cast<std::size_t>(after - first_slot_.begin()) - 1;
  return SweepUnit{pieces_[piece].task, pieces_[piece].first_unit + slot - first_slot_[piece], slot};
}

void UnitQueue::finish(const SweepUnit& unit) {
  const SweepItem& item = items_[unit.item];
  done_bytes_ += std::min(item.unit_bytes, item.bytes - unit.unit * item.unit_bytes);
}

void run_sweep(comm::Communicator& world, UnitQueue& queue, const ReadOptions& options, std::string_view what,
               const std::function<void()>& body) {
  constexpr std::chrono::milliseconds between_rounds{20};
  constexpr std::chrono::milliseconds unseen{500};  // what is over so soon needs no progress bar
  const auto begin = std::chrono::steady_clock::now();
  const auto most = static_cast<std::uint64_t>(std::max(1, options.threads));
  Threads threads(std::min(most, queue.size()), queue, body);
  bool stopping = false;
  for (bool all_idle = false; !all_idle;) {
    const bool idle = threads.wait(between_rounds);
    const bool stop = options.stop_requested != nullptr && options.stop_requested->load();
    std::array<std::uint64_t, 4> sums{idle ? 0U : 1U, threads.failure() ? 1U : 0U, stop ? 1U : 0U,
                                      queue.done_bytes()};
    world.all_reduce(std::span<std::uint64_t>(sums), comm::ReduceOp::sum, what);
    all_idle = sums[0] == 0;
    stopping = stopping || sums[2] > 0;
    if (sums[1] > 0 || stopping) queue.halt();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    if (world.is_root() && options.progress && elapsed > unseen) {
      options.progress({sums[3], queue.total_bytes(), elapsed.count()});
    }
  }
  comm::agree(world, threads.failure(), what);
  if (stopping) throw Error(ExitCode::stopped, std::string(what) + ": stopped on request");
}

}  // namespace stockpot::engine
