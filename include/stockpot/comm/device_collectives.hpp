#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "stockpot/comm/communicator.hpp"

namespace stockpot::comm {

/// Bytes in device memory that go to, or come from, one rank.
struct DeviceMessage {
  void* device_bytes = nullptr;
  std::uint64_t count_bytes = 0;
  int peer = 0;
};

/// Moves bytes between the GPUs of a group of ranks, over NCCL. It carries data only: sizes, agreement and
/// errors stay on the control communicator that it was opened over, and it never reduces, because NCCL
/// promises no order of addition.
///
/// Every call returns when its buffers may be used again. What fills a buffer on another stream must be
/// complete before. A call that fails, or isn't complete by the deadline, aborts this communicator and throws
/// Error{communication}; others then run into their deadlines, and the next agreement tells them why.
class NcclCommunicator {
 public:
  struct Opening;
  /// Collective over `control`. Binds this thread to `device`. Gives no communicator, but the reason (equal
  /// on every rank), when two ranks share a GPU or a rank has none: device data then go through host memory
  /// and `control`. Throws CollectiveError when NCCL itself fails.
  static Opening open(Communicator& control, int device,
                      std::chrono::seconds deadline = std::chrono::seconds(300));

  NcclCommunicator(NcclCommunicator&&) noexcept;
  NcclCommunicator& operator=(NcclCommunicator&&) noexcept;
  ~NcclCommunicator();  ///< local; nothing is under way between calls

  /// Collective. `root`'s bytes overwrite everyone's.
  void broadcast(void* device_bytes, std::uint64_t count_bytes, int root, std::string_view what);
  /// Local; the peers must call it with the matching messages. All messages are under way at once, so rings
  /// and pairs don't block.
  void exchange(std::span<const DeviceMessage> sends, std::span<const DeviceMessage> receives,
                std::string_view what);

 private:
  struct State;
  explicit NcclCommunicator(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What opening led to: a communicator, or the reason for going through host memory.
struct NcclCommunicator::Opening {
  std::unique_ptr<NcclCommunicator> communicator;
  std::string host_staged_reason;
};

}  // namespace stockpot::comm
