#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "stockpot/base/digest.hpp"
#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/options.hpp"

namespace stockpot::engine {

/// What the elements of one stored tensor are.
struct TensorContent {
  Digest digest;
  /// Elements that are zero, of either sign; nullopt for the F6 types, whose packing the format leaves open.
  std::optional<std::uint64_t> zeros;

  friend bool operator==(const TensorContent&, const TensorContent&) = default;
};

enum class Scan { digests, digests_and_zeros };

/// Collective. What every stored tensor holds, by its index, the same on every rank. A file that has changed
/// since its header was read: Error{input}. Cost: every byte is read once, files in order, spread over ranks
/// by digest blocks; 1 MiB of buffer a thread.
std::vector<TensorContent> scan_content(comm::Communicator& world, const checkpoint::Checkpoint& model,
                                        Scan scan, const ReadOptions& options);

/// Collective. The model digest of what stands in the files: as `scan_content`.
Digest digest_model(comm::Communicator& world, const checkpoint::Checkpoint& model,
                    const ReadOptions& options);

/// Indices of the stored tensors in order of file and offset.
std::vector<std::uint32_t> by_place(const checkpoint::Checkpoint& model);

}  // namespace stockpot::engine
