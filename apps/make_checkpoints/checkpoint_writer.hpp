#pragma once

#include <cstdint>
#include <filesystem>

#include "llama_model.hpp"

namespace stockpot::make_checkpoints {

struct WriteOptions {
  std::uint64_t seed = 0;
  std::uint64_t shard_bytes = 0;  ///< a shard closes before it exceeds this; a larger tensor gets its own
  int threads = 1;
};

/// Writes number `number` of the family (0 is the anchor) as a Hugging Face folder; memory is a few MiB per
/// thread. Returns the bytes of its tensors. Throws Error.
std::uint64_t write_checkpoint(const LlamaModel& model, std::uint64_t number,
                               const std::filesystem::path& folder, const WriteOptions& options);

}  // namespace stockpot::make_checkpoints
