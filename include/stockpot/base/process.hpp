#pragma once

#include <cstdint>
#include <string>

namespace stockpot {

/// Bytes of physical memory this process holds now (VmRSS) and at most held (VmHWM); 0 where /proc is
/// missing.
struct ResidentMemory {
  std::uint64_t now_bytes = 0;
  std::uint64_t peak_bytes = 0;
};
ResidentMemory resident_memory();

/// Number of processors in this process's affinity mask, at least 1.
int available_processors();

/// Name of this host.
std::string host_name();

}  // namespace stockpot
