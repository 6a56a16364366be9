#include "soup/evaluation_slot.hpp"

#include <chrono>
#include <utility>

namespace stockpot::soup {

void EvaluationBell::ring() {
  const std::lock_guard lock(mutex_);
  has_rung_ = true;
  rung_.notify_all();
}

bool EvaluationBell::wait(std::chrono::milliseconds longest) {
  std::unique_lock lock(mutex_);
  rung_.wait_for(lock, longest, [this] { return has_rung_; });
  return std::exchange(has_rung_, false);
}

EvaluationSlot::~EvaluationSlot() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void EvaluationSlot::begin(Work work) {
  stop_ = false;
  has_ended_ = false;
  outcome_.reset();
  failure_ = nullptr;
  thread_ = std::thread([this, work = std::move(work)]() mutable {
    try {
      outcome_ = work(stop_);
    } catch (...) {
      failure_ = std::current_exception();
    }
    work = nullptr;  // what it holds goes before anyone knows of its end
    has_ended_ = true;
    bell_.ring();
  });
}

std::optional<Outcome> EvaluationSlot::take() {
  if (!thread_.joinable() || !has_ended_) return std::nullopt;
  thread_.join();
  if (failure_) std::rethrow_exception(failure_);
  return std::exchange(outcome_, std::nullopt);
}

}  // namespace stockpot::soup
