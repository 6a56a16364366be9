#include "stockpot/comm/threads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <thread>

#include "comm/thread_group.hpp"

namespace stockpot::comm {
namespace {

using detail::Call;
using detail::MessageEnd;
using detail::Posting;
using detail::ThreadGroup;

template <typename T>
T combine(T left, T right, ReduceOp operation) {
  switch (operation) {
    case ReduceOp::sum:
      if constexpr (std::is_same_v<T, std::int64_t>) {  // wraps around like MPI, without overflow of int64_t
        return static_cast<T>(static_cast<std::uint64_t>(left) + static_cast<std::uint64_t>(right));
      } else {
        return left + right;
      }
    case ReduceOp::min:
      return std::min(left, right);
    case ReduceOp::max:
      return std::max(left, right);
  }
  return left;
}

/// Element-wise, in rank order.
template <typename T>
void reduce_postings(std::span<const Posting> postings, std::vector<std::byte>& result_bytes) {
  std::memcpy(result_bytes.data(), postings.front().data, result_bytes.size());
  auto* result = reinterpret_cast<T*>(result_bytes.data());
  for (const Posting& posting : postings.subspan(1)) {
    const auto* other = static_cast<const T*>(posting.data);
    for (std::uint64_t i = 0; i < posting.count; ++i) {
      result[i] = combine(result[i], other[i], posting.operation);
    }
  }
}

class ThreadTransfer final : public PendingTransfer {
 public:
  ThreadTransfer(std::shared_ptr<ThreadGroup> group, ThreadGroup::Channel channel,
                 std::shared_ptr<MessageEnd> end, std::string_view what)
      : group_(std::move(group)), channel_(channel), end_(std::move(end)), what_(what) {}
  ~ThreadTransfer() override {
    try {
      wait();
    } catch (const Error&) {  // the peer is gone, so nobody touches the buffer any more
    }
  }
  void wait() override {
    if (!end_) return;
    const std::shared_ptr<MessageEnd> end = std::exchange(end_, nullptr);
    group_->wait(channel_, end, what_);
  }

 private:
  std::shared_ptr<ThreadGroup> group_;
  ThreadGroup::Channel channel_;
  std::shared_ptr<MessageEnd> end_;
  std::string what_;
};

class ThreadTransport final : public Transport {
 public:
  ThreadTransport(std::shared_ptr<ThreadGroup> group, int rank) : group_(std::move(group)), rank_(rank) {}
  ~ThreadTransport() override { group_->leave(rank_, fmt::format("rank {} has left the group", rank_)); }

  [[nodiscard]] int rank() const noexcept override { return rank_; }
  [[nodiscard]] int size() const noexcept override { return group_->size(); }

  void all_reduce(void* values, std::uint64_t count, ElementType type, ReduceOp operation,
                  std::string_view what) override {
    std::vector<std::byte> result(count * sizeof(std::uint64_t));
    const Posting mine{Call::all_reduce, values, count, type, operation, 0};
    group_->meet(rank_, mine, what, [&](std::span<const Posting> postings) {
      if (count == 0) return;
      switch (type) {
        case ElementType::int64:
          return reduce_postings<std::int64_t>(postings, result);
        case ElementType::uint64:
          return reduce_postings<std::uint64_t>(postings, result);
        case ElementType::float64:
          return reduce_postings<double>(postings, result);
      }
    });
    if (count != 0) std::memcpy(values, result.data(), result.size());
  }

  void broadcast(std::byte* bytes, std::uint64_t count, int root, std::string_view what) override {
    check_rank(root, what);
    const Posting mine{Call::broadcast, bytes, count, ElementType::uint64, ReduceOp::sum, root};
    group_->meet(rank_, mine, what, [&](std::span<const Posting> postings) {
      if (rank_ == root || count == 0) return;
      std::memcpy(bytes, postings[static_cast<std::size_t>(root)].data, count);
    });
  }

  std::vector<std::byte> all_gather(std::span<const std::byte> bytes, std::vector<std::uint64_t>& counts,
                                    std::string_view what) override {
    std::vector<std::byte> gathered;
    const Posting mine{Call::all_gather, bytes.data(), bytes.size(), ElementType::uint64, ReduceOp::sum, 0};
    group_->meet(rank_, mine, what, [&](std::span<const Posting> postings) {
      counts.clear();
      for (const Posting& posting : postings) counts.push_back(posting.count);
      gathered.reserve(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
      for (const Posting& posting : postings) {
        const auto* first = static_cast<const std::byte*>(posting.data);
        gathered.insert(gathered.end(), first, first + posting.count);
      }
    });
    return gathered;
  }

  void barrier(std::string_view what) override {
    group_->meet(rank_, Posting{}, what, [](std::span<const Posting>) {});
  }

  std::unique_ptr<PendingTransfer> start_send(std::span<const std::byte> bytes, int to, int tag,
                                              std::string_view what) override {
    check_rank(to, what);
    const ThreadGroup::Channel channel{rank_, to, tag};
    return std::make_unique<ThreadTransfer>(group_, channel, group_->post_send(channel, bytes), what);
  }

  std::unique_ptr<PendingTransfer> start_receive(std::span<std::byte> bytes, int from, int tag,
                                                 std::string_view what) override {
    check_rank(from, what);
    const ThreadGroup::Channel channel{from, rank_, tag};
    return std::make_unique<ThreadTransfer>(group_, channel, group_->post_receive(channel, bytes), what);
  }

  std::unique_ptr<Transport> split(int color, int key, std::string_view what) override;

  [[noreturn]] void abort(ExitCode code) override {
    std::fflush(nullptr);
    std::_Exit(static_cast<int>(code));
  }

 private:
  void check_rank(int rank, std::string_view what) const {
    if (rank >= 0 && rank < size()) return;
    throw Error(ExitCode::communication, fmt::format("{}: there is no rank {} of {}", what, rank, size()));
  }

  std::shared_ptr<ThreadGroup> group_;
  int rank_;
};

struct Member {
  int color = 0;
  int key = 0;
  int rank = 0;
};

std::unique_ptr<Transport> ThreadTransport::split(int color, int key, std::string_view what) {
  if (color < 0) throw Error(ExitCode::communication, fmt::format("{}: negative color {}", what, color));
  const Member me{color, key, rank_};
  std::vector<Member> members;
  group_->meet(rank_, Posting{Call::split, &me}, what, [&](std::span<const Posting> postings) {
    for (const Posting& posting : postings) {
      const Member member = *static_cast<const Member*>(posting.data);
      if (member.color == color) members.push_back(member);
    }
  });
  std::stable_sort(members.begin(), members.end(),
                   [](const Member& left, const Member& right) { return left.key < right.key; });

  const int leader = members.front().rank;
  std::shared_ptr<ThreadGroup> child;
  if (rank_ == leader) {
    child = std::make_shared<ThreadGroup>(static_cast<int>(members.size()));
    group_->add_child(child);
  }
  const std::shared_ptr<ThreadGroup> offered = child;
  group_->meet(rank_, Posting{Call::share, &offered}, what, [&](std::span<const Posting> postings) {
    child =
        *static_cast<const std::shared_ptr<ThreadGroup>*>(postings[static_cast<std::size_t>(leader)].data);
  });
  const auto place = std::find_if(members.begin(), members.end(),
                                  [&](const Member& member) { return member.rank == rank_; });
  return std::make_unique<ThreadTransport>(std::move(child), static_cast<int>(place - members.begin()));
}

std::string text_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "unknown exception";
  }
}

bool is_consequence(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const detail::BrokenGroup&) {
    return true;
  } catch (...) {
    return false;
  }
}

/// Of the ranks that failed by themselves, else of all that failed, the lowest one's exception.
std::exception_ptr first_cause(const std::vector<std::exception_ptr>& failures) {
  std::exception_ptr first;
  for (const std::exception_ptr& failure : failures) {
    if (!failure) continue;
    if (!is_consequence(failure)) return failure;
    if (!first) first = failure;
  }
  return first;
}

}  // namespace

std::vector<Communicator> make_threads(int size) {
  if (size < 1) throw Error(ExitCode::usage, fmt::format("a group needs at least one rank, not {}", size));
  const auto group = std::make_shared<ThreadGroup>(size);
  std::vector<Communicator> communicators;
  communicators.reserve(static_cast<std::size_t>(size));
  for (int rank = 0; rank < size; ++rank) {
    communicators.emplace_back(std::make_unique<ThreadTransport>(group, rank));
  }
  return communicators;
}

void run_threads(int size, const std::function<void(Communicator&)>& body) {
  if (size < 1) throw Error(ExitCode::usage, fmt::format("a group needs at least one rank, not {}", size));
  const auto group = std::make_shared<ThreadGroup>(size);
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(size));
  const auto run_rank = [&](int rank) {
    std::exception_ptr& failure = failures[static_cast<std::size_t>(rank)];
    Communicator communicator(std::make_unique<ThreadTransport>(group, rank));
    try {
      body(communicator);
    } catch (...) {
      failure = std::current_exception();
      // Who fails because another did just leaves, so that the first cause is the one that is told.
      if (!is_consequence(failure)) group->poison(fmt::format("rank {} failed: {}", rank, text_of(failure)));
    }
  };
  std::vector<std::jthread> threads;
  threads.reserve(static_cast<std::size_t>(size));
  try {
    for (int rank = 0; rank < size; ++rank) threads.emplace_back(run_rank, rank);
  } catch (const std::exception& error) {
    group->poison(fmt::format("a thread could not be started: {}", error.what()));
    throw;
  }
  threads.clear();
  if (const std::exception_ptr failure = first_cause(failures)) std::rethrow_exception(failure);
}

}  // namespace stockpot::comm
