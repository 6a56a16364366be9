#include "engine/lanes.hpp"

#include <utility>

namespace stockpot::engine {

Lanes::Lanes(Job& job, Work work, std::function<void()> halt)
    : job_(job), work_(std::move(work)), halt_(std::move(halt)) {
  try {
    for (std::uint64_t i = 0; i < job.plan.buffers.lanes; ++i) {
      {
        const std::lock_guard lock(mutex_);
        ++running_;
      }
      threads_.emplace_back([this] { run(); });
    }
  } catch (...) {
    // Those that began must not wait for work that never comes.
    Lanes::halt();
    throw;
  }
}

Lanes::~Lanes() {
  halt();
}

void Lanes::halt() {
  halted_ = true;
  halt_();
}

bool Lanes::wait(std::chrono::milliseconds longest) {
  std::unique_lock lock(mutex_);
  return ended_.wait_for(lock, longest, [this] { return running_ == 0; });
}

std::exception_ptr Lanes::failure() {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Lanes::run() {
  std::exception_ptr failure;
  try {
    UnitWorker worker(job_);
    while (!halted_ && work_(worker)) {
    }
  } catch (...) {
    failure = std::current_exception();
    halt();
  }
  const std::lock_guard lock(mutex_);
  if (failure && !failure_) failure_ = failure;
  --running_;
  ended_.notify_all();
}

}  // namespace stockpot::engine
