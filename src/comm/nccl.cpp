#include <cuda_runtime_api.h>
#include <fmt/format.h>
#include <nccl.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "comm/fail.hpp"
#include "stockpot/base/process.hpp"
#include "stockpot/base/unique_handle.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/comm/device_collectives.hpp"
#include "stockpot/comm/device_placement.hpp"

namespace stockpot::comm {
namespace {

using Clock = std::chrono::steady_clock;

struct NcclTraits {
  using Handle = ncclComm_t;
  static Handle none() noexcept { return nullptr; }
  // Abort rather than destroy: local, and it can't hang. Every operation was waited for before.
  static void release(Handle handle) noexcept { ncclCommAbort(handle); }
};

struct StreamTraits {
  using Handle = cudaStream_t;
  static Handle none() noexcept { return nullptr; }
  static void release(Handle handle) noexcept { cudaStreamDestroy(handle); }
};

void check_cuda(cudaError_t code, std::string_view what) {
  if (code != cudaSuccess) fail(what, cudaGetErrorString(code));
}

/// A communicator that doesn't block answers ncclInProgress, which waiting settles.
void check_nccl(ncclResult_t code, std::string_view what) {
  if (code != ncclSuccess && code != ncclInProgress) fail(what, ncclGetErrorString(code));
}

std::string to_text(const cudaUUID_t& uuid) {
  std::string text = "GPU-";
  for (const char byte : uuid.bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

DevicePlace bind_device(int device) {
  DevicePlace place;
  place.host = host_name();
  cudaDeviceProp properties{};
  cudaError_t code = cudaSetDevice(device);
  if (code == cudaSuccess) code = cudaGetDeviceProperties(&properties, device);
  if (code == cudaSuccess) {
    place.gpu_uuid = to_text(properties.uuid);
  } else {
    place.problem = fmt::format("no CUDA device {}: {}", device, cudaGetErrorString(code));
  }
  return place;
}

/// Collective. Every rank's place, by rank.
std::vector<DevicePlace> all_places(Communicator& control, const DevicePlace& mine) {
  const std::vector<std::string> hosts = control.all_gather(mine.host, "GPU hosts");
  const std::vector<std::string> uuids = control.all_gather(mine.gpu_uuid, "GPU identities");
  const std::vector<std::string> problems = control.all_gather(mine.problem, "GPU problems");
  std::vector<DevicePlace> places;
  for (std::size_t rank = 0; rank < hosts.size(); ++rank) {
    places.push_back({hosts[rank], uuids[rank], problems[rank]});
  }
  return places;
}

}  // namespace

struct NcclCommunicator::State {
  // Declared first, so that the stream goes after the communicator that uses it.
  UniqueHandle<StreamTraits> stream;
  UniqueHandle<NcclTraits> comm;
  std::chrono::seconds deadline{};

  ncclComm_t open_comm(std::string_view what) const {
    if (!comm) fail(what, "the device communicator was aborted after an earlier failure");
    return comm.get();
  }

  /// Runs `start`, which enqueues on the stream, and waits; a failure aborts the communicator.
  template <typename Start>
  void complete(std::string_view what, Start&& start) {
    const ncclComm_t handle = open_comm(what);
    try {
      start(handle);
      wait(what, [&] {
        ncclResult_t state = ncclSuccess;
        check_nccl(ncclCommGetAsyncError(handle, &state), what);
        check_nccl(state, what);
        if (state == ncclInProgress) return false;
        const cudaError_t code = cudaStreamQuery(stream.get());
        if (code == cudaErrorNotReady) return false;
        check_cuda(code, what);
        return true;
      });
    } catch (...) {
      comm.reset();
      throw;
    }
  }

  template <typename Done>
  void wait(std::string_view what, Done&& done) const {
    using namespace std::chrono_literals;
    const auto start = Clock::now();
    while (!done()) {
      const auto waited = Clock::now() - start;
      if (waited > deadline) fail(what, fmt::format("not complete after {} s", deadline.count()));
      if (waited < 20us) continue;
      std::this_thread::sleep_for(std::clamp<std::chrono::nanoseconds>(waited / 8, 50us, 1ms));
    }
  }

  void make_stream() {
    cudaStream_t made = nullptr;
    check_cuda(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking), "making a CUDA stream");
    stream.reset(made);
  }

  void connect(const ncclUniqueId& id, int rank, int size) {
    constexpr std::string_view what = "connecting GPUs";
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    ncclComm_t handle = nullptr;
    const ncclResult_t code = ncclCommInitRankConfig(&handle, size, id, rank, &config);
    comm.reset(handle);
    check_nccl(code, what);
    complete(what, [](ncclComm_t) {});
  }
};

NcclCommunicator::NcclCommunicator(std::unique_ptr<State> state) : state_(std::move(state)) {}
NcclCommunicator::NcclCommunicator(NcclCommunicator&&) noexcept = default;
NcclCommunicator& NcclCommunicator::operator=(NcclCommunicator&&) noexcept = default;
NcclCommunicator::~NcclCommunicator() = default;

NcclCommunicator::Opening NcclCommunicator::open(Communicator& control, int device,
                                                 std::chrono::seconds deadline) {
  const std::vector<DevicePlace> places = all_places(control, bind_device(device));
  std::string reason = host_staging_reason(places);
  if (!reason.empty()) return {nullptr, std::move(reason)};

  const std::string id_bytes = from_root(control, "NCCL identity", [] {
    ncclUniqueId id{};
    check_nccl(ncclGetUniqueId(&id), "NCCL identity");
    return std::string(id.internal, sizeof id.internal);
  });
  ncclUniqueId id{};
  std::memcpy(id.internal, id_bytes.data(), sizeof id.internal);

  auto state = std::make_unique<State>();
  state->deadline = deadline;
  // Whoever fails here must not leave the others to their deadline in NCCL.
  agree_after(control, "making a CUDA stream", [&] { state->make_stream(); });
  agree_after(control, "connecting GPUs", [&] { state->connect(id, control.rank(), control.size()); });
  return {std::unique_ptr<NcclCommunicator>(new NcclCommunicator(std::move(state))), {}};
}

void NcclCommunicator::broadcast(void* device_bytes, std::uint64_t count_bytes, int root,
                                 std::string_view what) {
  state_->complete(what, [&](ncclComm_t comm) {
    check_nccl(
        ncclBroadcast(device_bytes, device_bytes, count_bytes, ncclUint8, root, comm, state_->stream.get()),
        what);
  });
}

void NcclCommunicator::exchange(std::span<const DeviceMessage> sends, std::span<const DeviceMessage> receives,
                                std::string_view what) {
  state_->complete(what, [&](ncclComm_t comm) {
    const cudaStream_t stream = state_->stream.get();
    check_nccl(ncclGroupStart(), what);
    ncclResult_t code = ncclSuccess;
    const auto keep_first = [&](ncclResult_t next) {
      if (code == ncclSuccess || code == ncclInProgress) code = next;
    };
    for (const DeviceMessage& message : sends) {
      keep_first(ncclSend(message.device_bytes, message.count_bytes, ncclUint8, message.peer, comm, stream));
    }
    for (const DeviceMessage& message : receives) {
      keep_first(ncclRecv(message.device_bytes, message.count_bytes, ncclUint8, message.peer, comm, stream));
    }
    keep_first(ncclGroupEnd());  // ends the group even after a refused message
    check_nccl(code, what);
  });
}

}  // namespace stockpot::comm
