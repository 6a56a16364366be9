#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stockpot/io/file.hpp"
#include "stockpot/io/statistics_file.hpp"
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
  friend bool operator==(const StoredTensor&, const StoredTensor&) = default;
};

struct StoredFile {
  std::filesystem::path path;
  io::FileIdentity identity;
};

/// A symmetric matrix of a statistics file, which `io::StatisticsFile` reads.
struct StoredMatrix {
  io::StatisticKind kind = io::StatisticKind::gram;
  std::string name;  ///< module or tensor
  std::uint64_t dimension = 0;
  DType dtype = DType::f64;
  io::WeightLayout weight_layout = io::WeightLayout::out_in;

  friend bool operator==(const StoredMatrix&, const StoredMatrix&) = default;
};

/// Headers of one model: every tensor and where it lies. No element was read.
struct Checkpoint {
  std::string reference;         ///< as the recipe wrote it
  std::filesystem::path folder;  ///< of config and tokenizer files; empty for a bare file
  std::vector<StoredFile> files;
  std::vector<StoredTensor> tensors;           ///< sorted by name, bytewise
  std::map<std::string, std::string> aliases;  ///< tied tensors: absent name -> the stored tensor it equals
  std::string config;                          ///< config.json verbatim; empty if there is none
  std::string statistics_digest;       ///< of statistics: model_digest of the model that they were taken from
  std::vector<StoredMatrix> matrices;  ///< of statistics: by kind, then by name bytewise

  [[nodiscard]] const StoredTensor* find(std::string_view name) const;  ///< binary search; nullptr if absent
  /// The tensor stored under `name`, or the one that `name` is tied to; nullptr if there is neither.
  [[nodiscard]] const StoredTensor* find_or_alias(std::string_view name) const;
  [[nodiscard]] std::uint64_t total_bytes() const;
};

/// Opens a Hugging Face folder (model.safetensors, or index and shards), a bare .safetensors file, or an .h5
/// state dict (bare, or alone in a folder). Checks: every file of the index exists and holds exactly the
/// tensors that the index says, no tensor stands twice; pickles, GGUF and adapters alone are refused with the
/// way out. Packed or scaled quantised tensors: see view.hpp. An index wins over a model.safetensors beside
/// it. Reads headers and config.json only. Error{input} naming file and tensor. `warnings` receives what is
/// tolerated. Local; cost: one open and three small reads a file.
Checkpoint open_checkpoint(const std::filesystem::path& path, const std::string& reference,
                           std::vector<std::string>& warnings);

/// Opens a statistics file: its Fisher diagonals, named as the model's tensors, and its matrices. Checks what
/// headers tell; values, and whether they were taken from the model in question, are known once both were
/// read. Error{input} naming file and object.
Checkpoint open_statistics(const std::filesystem::path& path, const std::string& reference);

/// Where a reference's path lies: an existing local path (`~` expanded), or `org/name` in the local Hugging
/// Face cache (the first set of HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME/hub,
/// XDG_CACHE_HOME/huggingface/hub, ~/.cache/huggingface/hub; revision, `main` if empty, -> refs ->
/// snapshots; or a full commit). Error{input} naming the command that fetches it; Error{usage} for a revision
/// of a local path and for one that is no plain name.
std::filesystem::path locate_model(const std::string& path, const std::string& revision);

/// Exact form (names and paths may hold any bytes), so that one rank reads headers and all ranks know them.
std::string serialize(const Checkpoint& checkpoint);
/// What makes two openings of a model the same for a job that continues another: as `serialize`, without
/// where the files lie and, where each rank or node has a copy of its own, without their times.
std::string describe_content(const Checkpoint& checkpoint);
/// Inverse of `serialize`; anything else: Error{communication}.
Checkpoint deserialize(std::string_view text);

}  // namespace stockpot::checkpoint
