#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

namespace stockpot::engine {

/// A few threads that run what they are given, in order of submission. The destructor finishes what was
/// submitted.
class WorkerPool {
 public:
  explicit WorkerPool(std::size_t threads);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  /// The future rethrows what `work` throws.
  std::future<void> submit(std::function<void()> work);

 private:
  void run();
  /// Lets what was submitted end, and the threads.
  void close();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::packaged_task<void()>> queue_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace stockpot::engine
