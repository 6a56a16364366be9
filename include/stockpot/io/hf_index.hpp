#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace stockpot::io {

/// Larger indexes are refused.
inline constexpr std::uint64_t hf_index_limit_bytes = std::uint64_t{256} << 20;

/// What a *.safetensors.index.json says.
struct HfIndex {
  std::map<std::string, std::string> weight_map;  ///< tensor name -> file name
  std::optional<double> total_bytes;              ///< metadata.total_size, if it is a number
};

/// Every file name must be a plain basename ending in `.safetensors` (no separator, no `..`, no leading dot,
/// no NUL); anything else is hostile: Error{input} naming it. Duplicate keys are refused.
HfIndex parse_hf_index(std::string_view json, const std::string& file_name);

/// The text that transformers writes: metadata total_size and total_parameters, weight_map sorted by name.
std::string hf_index_text(const std::map<std::string, std::string>& weight_map, std::uint64_t total_bytes,
                          std::uint64_t total_parameters);

/// "model-00002-of-00007.safetensors" for shard 1 of 7 (counted from 0); a single shard is
/// "model.safetensors".
std::string shard_name(std::uint64_t shard, std::uint64_t shards);

}  // namespace stockpot::io
