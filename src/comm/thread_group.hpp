#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "stockpot/comm/communicator.hpp"

namespace stockpot::comm::detail {

/// Thrown where a rank waits for one that has failed or left; never the first cause of a failure.
class BrokenGroup : public Error {
 public:
  explicit BrokenGroup(const std::string& text) : Error(ExitCode::communication, text) {}
};

enum class Call { all_reduce, broadcast, all_gather, barrier, split, share };

/// What one rank lays out for the others while all are in the same collective.
struct Posting {
  Call call = Call::barrier;
  const void* data = nullptr;
  std::uint64_t count = 0;  ///< must agree between ranks, except in all_gather
  ElementType type = ElementType::uint64;
  ReduceOp operation = ReduceOp::sum;
  int root = 0;
};

/// One end of a message: whichever end is posted second copies the bytes.
struct MessageEnd {
  enum class State { posted, copying, done, mismatched };
  std::span<const std::byte> source;  ///< of a send
  std::span<std::byte> target;        ///< of a receive
  int peer = 0;
  std::uint64_t sent_bytes = 0;
  State state = State::posted;  ///< guarded by the group's mutex
};

/// The memory that ranks of one group share. A rank that fails or leaves breaks the group: whoever needs it
/// from then on gets BrokenGroup, so nobody waits for ever.
class ThreadGroup {
 public:
  using Channel = std::tuple<int, int, int>;  ///< from, to, tag

  explicit ThreadGroup(int size);
  [[nodiscard]] int size() const noexcept { return size_; }

  /// Collective. Lays out `mine`, calls `read(postings by rank)` when everyone's are there, and returns when
  /// every rank has read, so that a posting may point to a local buffer.
  template <typename Read>
  void meet(int rank, const Posting& mine, std::string_view what, Read&& read) {
    arrive(rank, mine, what);
    std::exception_ptr failure;
    try {
      check_same_call(what);
      read(std::span<const Posting>(postings_));
    } catch (...) {
      failure = std::current_exception();
    }
    finish();
    if (failure) std::rethrow_exception(failure);
  }

  std::shared_ptr<MessageEnd> post_send(const Channel& channel, std::span<const std::byte> bytes);
  std::shared_ptr<MessageEnd> post_receive(const Channel& channel, std::span<std::byte> bytes);
  /// Returns when the bytes are copied; throws when the other end is gone or had another length.
  void wait(const Channel& channel, const std::shared_ptr<MessageEnd>& end, std::string_view what);

  /// This rank takes no further part; `reason` tells the others why.
  void leave(int rank, const std::string& reason);
  /// Breaks this group and every group split from it.
  void poison(const std::string& reason);
  void add_child(const std::shared_ptr<ThreadGroup>& child);

 private:
  struct Queue {
    std::deque<std::shared_ptr<MessageEnd>> sends;
    std::deque<std::shared_ptr<MessageEnd>> receives;
  };

  void arrive(int rank, const Posting& mine, std::string_view what);
  void finish();
  void check_same_call(std::string_view what) const;
  void copy(std::unique_lock<std::mutex>& lock, MessageEnd& send, MessageEnd& receive);

  const int size_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Posting> postings_;
  int arrived_ = 0;
  std::uint64_t generation_ = 0;
  std::string broken_;      ///< why collectives can't complete any more; empty while they can
  bool poisoned_ = false;   ///< messages can't complete either
  std::vector<char> gone_;  ///< by rank
  std::map<Channel, Queue> queues_;
  std::vector<std::weak_ptr<ThreadGroup>> children_;
};

}  // namespace stockpot::comm::detail
