#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stockpot/io/file.hpp"
#include "stockpot/tensor/dtype.hpp"
#include "stockpot/tensor/shape.hpp"

namespace stockpot::checkpoint {

/// A tensor as it lies in a file.
struct StoredTensor {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  std::uint32_t file = 0;    ///< index into Checkpoint::files
  std::uint64_t offset = 0;  ///< absolute, in the file
  std::uint64_t bytes = 0;

  [[nodiscard]] std::uint64_t elements() const;
};

struct StoredFile {
  std::filesystem::path path;
  io::FileIdentity identity;
};

/// Headers of one model: every tensor and where it lies. No element was read.
struct Checkpoint {
  std::string reference;         ///< as the recipe wrote it
  std::filesystem::path folder;  ///< of config and tokenizer files; empty for a bare file
  std::vector<StoredFile> files;
  std::vector<StoredTensor> tensors;           ///< sorted by name, bytewise
  std::map<std::string, std::string> aliases;  ///< tied tensors: absent name -> the stored tensor it equals
  std::string config;                          ///< config.json verbatim; empty if there is none

  [[nodiscard]] const StoredTensor* find(std::string_view name) const;  ///< binary search; nullptr if absent
  [[nodiscard]] std::uint64_t total_bytes() const;
};

/// Opens a Hugging Face folder (model.safetensors, or index and shards), a bare .safetensors file, or an .h5
/// state dict. Checks: every file of the index exists and every tensor is in the file that the index names,
/// no tensor stands twice, pickles only -> refused with the way out, packed or scaled quantised tensors ->
/// see view.hpp. Error{input} naming file and tensor. `warnings` receives what is tolerated.
Checkpoint open_checkpoint(const std::filesystem::path& path, const std::string& reference,
                           std::vector<std::string>& warnings);

/// Where a reference's path lies: an existing local path (`~` expanded), or `org/name` in the local Hugging
/// Face cache (HF_HUB_CACHE, HF_HOME/hub, ~/.cache/huggingface/hub; revision -> refs -> snapshots).
/// Error{input} naming the command that fetches it.
std::filesystem::path locate_model(const std::string& path, const std::string& revision);

/// Exact text form, so that one rank reads headers and all ranks know them.
std::string serialize(const Checkpoint& checkpoint);
Checkpoint deserialize(std::string_view text);

}  // namespace stockpot::checkpoint
