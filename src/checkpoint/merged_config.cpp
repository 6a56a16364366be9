#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "checkpoint/config_json.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/checkpoint/companion_files.hpp"

namespace stockpot::checkpoint {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 4> layer_counts{"num_hidden_layers", "n_layer", "num_layers", "n_layers"};
/// Lists with one entry a layer.
constexpr std::array<const char*, 4> layer_lists{"layer_types", "no_rope_layers", "layers_block_type",
                                                 "mlp_layer_types"};
/// Where the language model of a model of several parts is described.
constexpr std::array<const char*, 4> language_parts{"text_config", "llm_config", "language_config",
                                                    "decoder"};

bool holds_count(const Json& object, const char* key) {
  const auto value = object.find(key);
  return value != object.end() && value->is_number_unsigned();
}

/// The object that describes the language model: the top, unless only a part of it has the keys.
Json& language_object(Json& config, const char* const* keys, std::size_t count) {
  const auto has_any = [&](const Json& object) {
    return std::any_of(keys, keys + count, [&](const char* key) { return object.contains(key); });
  };
  if (has_any(config)) return config;
  for (const char* part : language_parts) {
    const auto value = config.find(part);
    if (value != config.end() && value->is_object() && has_any(*value)) return *value;
  }
  return config;
}

/// Replaces the dtype keys of this object and of the configs in it; false if there was none.
bool set_dtype(Json& object, const std::string& dtype) {
  bool found = false;
  for (const auto& item : object.items()) {
    if (item.key() == "torch_dtype" || item.key() == "dtype") {
      item.value() = dtype;
      found = true;
    } else if (item.value().is_object() && item.key().ends_with("_config") &&
               item.key() != "quantization_config") {
      found = set_dtype(item.value(), dtype) || found;
    }
  }
  return found;
}

void set_layers(Json& config, const std::vector<std::uint64_t>& sources, const std::string& file_name) {
  Json& object = language_object(config, layer_counts.data(), layer_counts.size());
  const auto* count_key = std::find_if(layer_counts.begin(), layer_counts.end(),
                                       [&](const char* key) { return holds_count(object, key); });
  if (count_key == layer_counts.end()) return;
  const auto layers = object[*count_key].get<std::uint64_t>();
  for (const std::uint64_t source : sources) {
    if (source >= layers) {
      throw Error{ExitCode::input,
                  "the model has " + std::to_string(layers) + " layers, no layer " + std::to_string(source),
                  {file_name, {}}};
    }
  }
  for (const char* key : layer_counts) {
    if (holds_count(object, key) && object[key] == layers) object[key] = sources.size();
  }
  for (const char* key : layer_lists) {
    const auto list = object.find(key);
    if (list == object.end() || !list->is_array() || list->size() != layers) continue;
    Json picked = Json::array();
    for (const std::uint64_t source : sources) picked.push_back((*list)[source]);
    *list = std::move(picked);
  }
}

void remove_quantisation(Json& object) {
  object.erase("quantization_config");
  for (const auto& item : object.items()) {
    if (item.value().is_object() && item.key().ends_with("_config")) remove_quantisation(item.value());
  }
}

template <typename Value>
void set_where_present(Json& config, const char* key, const Value& value) {
  Json& object = language_object(config, &key, 1);
  if (object.contains(key)) object[key] = value;
}

}  // namespace

std::string merged_config(std::string_view config, const ConfigChanges& changes,
                          const std::string& file_name) {
  if (config.empty()) return {};
  auto json = parse_config<Json>(config, file_name);
  if (changes.dequantised) remove_quantisation(json);
  if (changes.dtype && !torch_name(*changes.dtype).empty()) {
    const std::string dtype(torch_name(*changes.dtype));
    if (!set_dtype(json, dtype)) json["torch_dtype"] = dtype;
  }
  if (changes.layers) set_layers(json, *changes.layers, file_name);
  if (changes.vocabulary) set_where_present(json, "vocab_size", *changes.vocabulary);
  if (changes.tied_embeddings) set_where_present(json, "tie_word_embeddings", *changes.tied_embeddings);
  return unmark_bare_numbers(json.dump(2)) + "\n";
}

}  // namespace stockpot::checkpoint
