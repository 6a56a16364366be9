#pragma once

#include <span>
#include <string>

namespace stockpot::comm {

/// The GPU that one rank uses, or why it has none.
struct DevicePlace {
  std::string host;
  std::string gpu_uuid;
  std::string problem;  ///< empty when the GPU works
};

/// Pure; `places` by rank. Empty when every rank has a GPU of its own, so that NCCL may connect them; else
/// why device data must go through host memory, naming the lowest ranks concerned. NCCL refuses, or hangs,
/// when two ranks share a GPU.
std::string host_staging_reason(std::span<const DevicePlace> places);

}  // namespace stockpot::comm
