#include "stockpot/comm/device_collectives.hpp"

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <memory>

#include "support/mpi_runtime.hpp"

namespace stockpot {
namespace {

struct DeviceFree {
  void operator()(std::byte* bytes) const noexcept { cudaFree(bytes); }
};
using DeviceBuffer = std::unique_ptr<std::byte, DeviceFree>;

DeviceBuffer to_device(const std::vector<std::byte>& bytes) {
  void* made = nullptr;
  EXPECT_EQ(cudaMalloc(&made, bytes.size()), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(made, bytes.data(), bytes.size(), cudaMemcpyHostToDevice), cudaSuccess);
  return DeviceBuffer(static_cast<std::byte*>(made));
}

std::vector<std::byte> to_host(const DeviceBuffer& buffer, std::size_t count) {
  std::vector<std::byte> bytes(count);
  EXPECT_EQ(cudaMemcpy(bytes.data(), buffer.get(), count, cudaMemcpyDeviceToHost), cudaSuccess);
  return bytes;
}

std::vector<std::byte> content_of(int rank) {
  return std::vector<std::byte>(1'000'003, std::byte(rank + 1));
}

class DeviceCollectives : public testing::Test {
 protected:
  comm::Communicator world_ = comm::make_mpi(test::mpi_runtime());
  comm::NcclCommunicator::Opening opening_ = open();

  comm::NcclCommunicator::Opening open() {
    int devices = 0;
    const int device =
        cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0 ? world_.rank() % devices : 0;
    return comm::NcclCommunicator::open(world_, device, std::chrono::seconds(60));
  }
};

TEST_F(DeviceCollectives, OpenOnEveryRankOrOnNone) {
  const std::string outcome = opening_.communicator ? "open" : opening_.host_staged_reason;
  EXPECT_FALSE(outcome.empty());
  for (const std::string& other : world_.all_gather(outcome, "outcomes")) EXPECT_EQ(other, outcome);
}

TEST_F(DeviceCollectives, Broadcast) {
  if (!opening_.communicator) GTEST_SKIP() << opening_.host_staged_reason;
  for (int root = 0; root < world_.size(); ++root) {
    const DeviceBuffer buffer = to_device(content_of(world_.rank()));
    opening_.communicator->broadcast(buffer.get(), content_of(0).size(), root, "tile");
    EXPECT_EQ(to_host(buffer, content_of(0).size()), content_of(root));
  }
}

TEST_F(DeviceCollectives, Ring) {
  if (!opening_.communicator) GTEST_SKIP() << opening_.host_staged_reason;
  const int previous = (world_.rank() + world_.size() - 1) % world_.size();
  const DeviceBuffer out = to_device(content_of(world_.rank()));
  const DeviceBuffer in = to_device(std::vector<std::byte>(content_of(0).size()));
  const comm::DeviceMessage send{out.get(), content_of(0).size(), (world_.rank() + 1) % world_.size()};
  const comm::DeviceMessage receive{in.get(), content_of(0).size(), previous};
  opening_.communicator->exchange({&send, 1}, {&receive, 1}, "tile");
  EXPECT_EQ(to_host(in, content_of(0).size()), content_of(previous));
}

}  // namespace
}  // namespace stockpot
