#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stockpot/tensor/dtype.hpp"

namespace stockpot::checkpoint {

enum class CompanionKind {
  config,     ///< config.json: see `merged_config`
  tokenizer,  ///< belongs to the vocabulary; may come from another model than the rest
  other,      ///< generation and preprocessor settings
};

/// A small file that travels with a model.
struct CompanionFile {
  std::string name;  ///< a plain name in the model's folder
  CompanionKind kind = CompanionKind::other;

  friend bool operator==(const CompanionFile&, const CompanionFile&) = default;
};

/// Those present in `folder`, sorted by name; none for an empty path. Code (*.py), licences and weights do
/// not travel.
std::vector<CompanionFile> companion_files(const std::filesystem::path& folder);

/// What a merge changes in config.json.
struct ConfigChanges {
  std::optional<DType> dtype;  ///< of the output's floating tensors
  /// For each layer of the output the layer of the config's model that describes it.
  std::optional<std::vector<std::uint64_t>> layers;
  std::optional<std::uint64_t> vocabulary;  ///< number of tokens
  std::optional<bool> tied_embeddings;
  bool dequantised = false;  ///< quantization_config goes
};

/// `config` (config.json verbatim, named `file_name` in errors) with the changes, every other key and the
/// order of keys kept. The dtype goes into `dtype` and `torch_dtype`, whichever stand there, nested
/// `*_config` included; into `torch_dtype` if none does. Layer counts (num_hidden_layers, n_layer,
/// num_layers, n_layers) and lists with one entry a layer (layer_types and the like) follow `layers`; these,
/// vocab_size and tie_word_embeddings change where they stand: at the top, or in the language model's part.
/// Error{input} for malformed text or a layer that the model lacks; an empty config stays empty.
std::string merged_config(std::string_view config, const ConfigChanges& changes,
                          const std::string& file_name);

}  // namespace stockpot::checkpoint
