#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "stockpot/soup/candidate.hpp"
#include "stockpot/soup/outcome.hpp"

namespace stockpot::soup {

/// Tells a rank that one of its evaluations has ended.
class EvaluationBell {
 public:
  void ring();
  /// Waits for the next ring, at most so long; true if there was one.
  bool wait(std::chrono::milliseconds longest);

 private:
  std::mutex mutex_;
  std::condition_variable rung_;
  bool has_rung_ = false;
};

/// What one evaluator of this rank is at: at most one evaluation, in a thread of its own.
class EvaluationSlot {
 public:
  using Work = std::function<Outcome(const std::atomic<bool>& stop)>;

  explicit EvaluationSlot(EvaluationBell& bell) : bell_(bell) {}
  EvaluationSlot(const EvaluationSlot&) = delete;
  EvaluationSlot& operator=(const EvaluationSlot&) = delete;
  /// Ends what is under way.
  ~EvaluationSlot();

  /// @pre nothing is under way
  void begin(Work work);
  [[nodiscard]] bool is_busy() const { return thread_.joinable(); }
  /// The outcome, once; nothing before. Rethrows what the work threw.
  std::optional<Outcome> take();
  /// Asks what is under way to end, whose outcome is lost.
  void stop() { stop_ = true; }

 private:
  EvaluationBell& bell_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> has_ended_{false};
  std::optional<Outcome> outcome_;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace stockpot::soup
