#include "comm/thread_group.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stockpot::comm::detail {
namespace {

std::string_view name_of(Call call) {
  switch (call) {
    case Call::all_reduce:
      return "all_reduce";
    case Call::broadcast:
      return "broadcast";
    case Call::all_gather:
      return "all_gather";
    case Call::barrier:
      return "barrier";
    case Call::split:
    case Call::share:
      return "split";
  }
  return "unknown call";
}

bool agree_on_call(const Posting& left, const Posting& right) {
  const bool same_length = left.call == Call::all_gather || left.count == right.count;
  return left.call == right.call && same_length && left.type == right.type &&
         left.operation == right.operation && left.root == right.root;
}

}  // namespace

ThreadGroup::ThreadGroup(int size)
    : size_(size), postings_(static_cast<std::size_t>(size)), gone_(static_cast<std::size_t>(size), 0) {}

void ThreadGroup::arrive(int rank, const Posting& mine, std::string_view what) {
  std::unique_lock lock(mutex_);
  const auto refuse = [&] { throw BrokenGroup(fmt::format("{}: {}", what, broken_)); };
  if (!broken_.empty()) refuse();
  postings_[static_cast<std::size_t>(rank)] = mine;
  const std::uint64_t generation = generation_;
  if (++arrived_ == size_) {
    arrived_ = 0;
    ++generation_;
    changed_.notify_all();
    return;
  }
  changed_.wait(lock, [&] { return generation_ != generation || !broken_.empty(); });
  if (generation_ == generation) refuse();
}

// Every rank that got past `arrive` comes here whatever happens to it, so this wait can't be in vain. It must
// not end early: others may still read this rank's buffer.
void ThreadGroup::finish() {
  std::unique_lock lock(mutex_);
  const std::uint64_t generation = generation_;
  if (++arrived_ == size_) {
    arrived_ = 0;
    ++generation_;
    changed_.notify_all();
    return;
  }
  changed_.wait(lock, [&] { return generation_ != generation; });
}

void ThreadGroup::check_same_call(std::string_view what) const {
  for (std::size_t rank = 1; rank < postings_.size(); ++rank) {
    const Posting& first = postings_.front();
    const Posting& other = postings_[rank];
    if (agree_on_call(first, other)) continue;
    throw Error(ExitCode::communication,
                fmt::format("{}: ranks disagree on a collective: rank 0 is in {} of {} (root {}), rank {} in "
                            "{} of {} (root {})",
                            what, name_of(first.call), first.count, first.root, rank, name_of(other.call),
                            other.count, other.root));
  }
}

void ThreadGroup::copy(std::unique_lock<std::mutex>& lock, MessageEnd& send, MessageEnd& receive) {
  send.state = receive.state = MessageEnd::State::copying;
  receive.sent_bytes = send.source.size();
  const bool fits = send.source.size() == receive.target.size();
  lock.unlock();
  if (fits) std::copy(send.source.begin(), send.source.end(), receive.target.begin());
  lock.lock();
  send.state = MessageEnd::State::done;
  receive.state = fits ? MessageEnd::State::done : MessageEnd::State::mismatched;
  changed_.notify_all();
}

std::shared_ptr<MessageEnd> ThreadGroup::post_send(const Channel& channel, std::span<const std::byte> bytes) {
  auto end = std::make_shared<MessageEnd>();
  end->source = bytes;
  end->peer = std::get<1>(channel);
  std::unique_lock lock(mutex_);
  Queue& queue = queues_[channel];
  if (queue.receives.empty()) {
    queue.sends.push_back(end);
  } else {
    const std::shared_ptr<MessageEnd> receive = queue.receives.front();
    queue.receives.pop_front();
    copy(lock, *end, *receive);
  }
  return end;
}

std::shared_ptr<MessageEnd> ThreadGroup::post_receive(const Channel& channel, std::span<std::byte> bytes) {
  auto end = std::make_shared<MessageEnd>();
  end->target = bytes;
  end->peer = std::get<0>(channel);
  std::unique_lock lock(mutex_);
  Queue& queue = queues_[channel];
  if (queue.sends.empty()) {
    queue.receives.push_back(end);
  } else {
    const std::shared_ptr<MessageEnd> send = queue.sends.front();
    queue.sends.pop_front();
    copy(lock, *send, *end);
  }
  return end;
}

void ThreadGroup::wait(const Channel& channel, const std::shared_ptr<MessageEnd>& end,
                       std::string_view what) {
  std::unique_lock lock(mutex_);
  const auto settled = [&] {
    return end->state == MessageEnd::State::done || end->state == MessageEnd::State::mismatched;
  };
  const auto hopeless = [&] {
    return end->state == MessageEnd::State::posted &&
           (poisoned_ || gone_[static_cast<std::size_t>(end->peer)] != 0);
  };
  changed_.wait(lock, [&] { return settled() || hopeless(); });
  if (!settled()) {
    Queue& queue = queues_[channel];
    std::erase(queue.sends, end);
    std::erase(queue.receives, end);
    throw BrokenGroup(fmt::format("{}: message with rank {}: {}", what, end->peer, broken_));
  }
  if (end->state == MessageEnd::State::mismatched) {
    throw Error(ExitCode::communication, fmt::format("{}: rank {} sent {} bytes where {} were expected", what,
                                                     end->peer, end->sent_bytes, end->target.size()));
  }
}

void ThreadGroup::leave(int rank, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  gone_[static_cast<std::size_t>(rank)] = 1;
  if (broken_.empty()) broken_ = reason;
  changed_.notify_all();
}

void ThreadGroup::poison(const std::string& reason) {
  std::vector<std::weak_ptr<ThreadGroup>> children;
  {
    const std::lock_guard lock(mutex_);
    if (!poisoned_) broken_ = reason;
    poisoned_ = true;
    children = children_;
    changed_.notify_all();
  }
  for (const auto& child : children) {
    if (const auto group = child.lock()) group->poison(reason);
  }
}

void ThreadGroup::add_child(const std::shared_ptr<ThreadGroup>& child) {
  std::string reason;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(children_, [](const auto& other) { return other.expired(); });
    children_.push_back(child);
    if (poisoned_) reason = broken_;
  }
  if (!reason.empty()) child->poison(reason);
}

}  // namespace stockpot::comm::detail
