#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/job.hpp"
#include "engine/unit_worker.hpp"

namespace stockpot::engine {

/// The lanes of one rank: threads that each do `work` with a worker of their own, until it says that there is
/// none left, or one of them fails.
class Lanes {
 public:
  /// Does the next piece of work; false when there is none left.
  using Work = std::function<bool(UnitWorker&)>;

  /// `halt` makes `work` give out nothing more.
  Lanes(Job& job, Work work, std::function<void()> halt);
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;
  ~Lanes();

  /// Lanes end after what they are at.
  void halt();
  /// Waits until every lane has ended, at most `longest`; true when they have.
  bool wait(std::chrono::milliseconds longest);
  [[nodiscard]] std::exception_ptr failure();

 private:
  void run();

  Job& job_;
  Work work_;
  std::function<void()> halt_;
  std::atomic<bool> halted_{false};
  std::mutex mutex_;
  std::condition_variable ended_;
  std::uint64_t running_ = 0;
  std::exception_ptr failure_;
  std::vector<std::jthread> threads_;  // last: they end before what they use
};

}  // namespace stockpot::engine
