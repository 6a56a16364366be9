#pragma once

#include <vector>

#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/comm/communicator.hpp"
#include "stockpot/report/inspect.hpp"

namespace stockpot::report {

enum class Scan { digests, digests_and_zeros };

/// Collective. What every stored tensor holds, by its index, the same on every rank. A file that has changed
/// since its header was read: Error{input}. Cost: every byte is read once, files in order, spread over ranks
/// by digest blocks; 1 MiB of buffer a thread.
std::vector<TensorContent> scan_content(comm::Communicator& world, const checkpoint::Checkpoint& model,
                                        Scan scan, const Options& options);

/// Indices of the stored tensors in order of file and offset.
std::vector<std::uint32_t> by_place(const checkpoint::Checkpoint& model);

}  // namespace stockpot::report
