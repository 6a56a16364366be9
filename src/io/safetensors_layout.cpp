#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "safetensors_events.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/io/safetensors.hpp"

namespace stockpot::io {
namespace {

std::string json_string(const std::string& text, const Subject& subject) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    throw Error(ExitCode::input, quote(text) + " is not UTF-8: safetensors can't hold it", subject);
  }
}

std::string metadata_json(const std::map<std::string, std::string>& metadata) {
  std::string json = "\"__metadata__\":{";
  for (const auto& [key, value] : metadata) {
    if (json.back() != '{') json += ',';
    json += json_string(key, {}) + ':' + json_string(value, {});
  }
  return json + '}';
}

/// Orders the tensors and fills in `bytes`, and `offset` from the first data byte. Gives the data's size.
std::uint64_t lay_out(std::vector<TensorHeader>& tensors) {
  std::sort(tensors.begin(), tensors.end(), [](const TensorHeader& a, const TensorHeader& b) {
    if (bits(a.dtype) != bits(b.dtype)) return bits(a.dtype) > bits(b.dtype);
    return natural_less(a.name, b.name);
  });
  std::uint64_t end = 0;
  for (TensorHeader& tensor : tensors) {
    const std::optional<std::uint64_t> bytes = tensor_bytes(tensor.dtype, tensor.shape);
    tensor.offset = end;
    if (!bytes || __builtin_add_overflow(end, *bytes, &end)) {
      throw Error(ExitCode::input,
                  fmt::format("{}{} has a size that overflows or does not fill whole bytes",
                              name(tensor.dtype), to_string(tensor.shape)),
                  {"", tensor.name});
    }
    tensor.bytes = *bytes;
  }
  return end;
}

void check_names(const std::vector<TensorHeader>& tensors) {
  std::vector<std::string_view> names;
  names.reserve(tensors.size());
  for (const TensorHeader& tensor : tensors) names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) {
    throw Error(ExitCode::input, "stands twice in one file", {"", std::string(*twice)});
  }
  if (std::binary_search(names.begin(), names.end(), "__metadata__")) {
    throw Error(ExitCode::input, "safetensors reserves this name", {"", "__metadata__"});
  }
}

std::string entry_json(const TensorHeader& tensor) {
  return fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
                     json_string(tensor.name, {"", tensor.name}), name(tensor.dtype),
                     fmt::join(tensor.shape, ","), tensor.offset, tensor.offset + tensor.bytes);
}

std::string length_prefix(std::uint64_t length) {
  std::string bytes;
  for (unsigned i = 0; i < safetensors_length_bytes; ++i)
    bytes += static_cast<char>(length >> (8 * i) & 0xff);
  return bytes;
}

}  // namespace

SafetensorsLayout canonical_safetensors(std::vector<TensorHeader> tensors,
                                        const std::map<std::string, std::string>& metadata) {
  check_names(tensors);
  const std::uint64_t data_bytes = lay_out(tensors);
  std::string json = "{";
  if (!metadata.empty()) json += metadata_json(metadata);
  for (const TensorHeader& tensor : tensors) {
    if (json.size() > 1) json += ',';
    json += entry_json(tensor);
  }
  json += '}';
  json.append((8 - json.size() % 8) % 8, ' ');
  if (json.size() > safetensors_longest_header_bytes) {
    throw Error(ExitCode::input,
                fmt::format("a safetensors header of {} bytes is above the format's {}: write more "
                            "shards with fewer tensors each",
                            json.size(), safetensors_longest_header_bytes));
  }
  SafetensorsLayout layout;
  layout.header = length_prefix(json.size()) + json;
  if (__builtin_add_overflow(layout.header.size(), data_bytes, &layout.file_bytes)) {
    throw Error(ExitCode::input, "the tensors of one file are larger than 2^64 bytes");
  }
  for (TensorHeader& tensor : tensors) tensor.offset += layout.header.size();
  layout.tensors = std::move(tensors);
  return layout;
}

}  // namespace stockpot::io
