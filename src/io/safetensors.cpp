#include "stockpot/io/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "safetensors_events.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::io {
namespace {

std::uint64_t load_little_endian(const std::array<std::byte, safetensors_length_bytes>& bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return value;
}

/// Sizes fit the types, and the tensors cover the data without a hole, an overlap or a rest.
void check_layout(std::vector<RawTensor>& raw, std::uint64_t data_bytes, const std::string& file_name) {
  std::sort(raw.begin(), raw.end(), [](const RawTensor& a, const RawTensor& b) {
    return std::tie(a.begin, a.end, a.header.name) < std::tie(b.begin, b.end, b.header.name);
  });
  std::uint64_t expected = 0;
  for (RawTensor& tensor : raw) {
    const auto refuse = [&](const std::string& message) {
      throw Error(ExitCode::input, message, {file_name, tensor.header.name});
    };
    const std::string range = fmt::format("[{}, {})", tensor.begin, tensor.end);
    if (tensor.end < tensor.begin) refuse("data_offsets " + range + " end before they begin");
    if (tensor.begin != expected) {
      refuse(fmt::format("data_offsets {} {} the tensor before it, which ends at {}", range,
                         tensor.begin < expected ? "overlap" : "leave a hole after", expected));
    }
    if (tensor.end > data_bytes) {
      refuse(fmt::format("data_offsets {} end beyond the file's {} data bytes", range, data_bytes));
    }
    const std::optional<std::uint64_t> bytes = tensor_bytes(tensor.header.dtype, tensor.header.shape);
    const std::string type = fmt::format("{}{}", name(tensor.header.dtype), to_string(tensor.header.shape));
    if (!bytes) refuse(type + " has a size that overflows or does not fill whole bytes");
    if (tensor.end - tensor.begin != *bytes) {
      refuse(fmt::format("{} needs {} bytes, but data_offsets {} hold {}", type, *bytes, range,
                         tensor.end - tensor.begin));
    }
    tensor.header.bytes = *bytes;
    expected = tensor.end;
  }
  if (expected != data_bytes) {
    throw Error(
        ExitCode::input,
        fmt::format("the tensors end at data byte {}, but the file has {} data bytes{}", expected, data_bytes,
                    raw.empty() ? "" : fmt::format(" (last tensor {})", quote(raw.back().header.name))),
        {file_name, ""});
  }
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view json, std::uint64_t file_bytes,
                                           const std::string& file_name) {
  const std::uint64_t data_offset = safetensors_length_bytes + std::uint64_t{json.size()};
  if (json.size() > safetensors_longest_header_bytes || data_offset > file_bytes) {
    throw Error(ExitCode::input, fmt::format("a header of {} bytes does not fit", json.size()),
                {file_name, ""});
  }
  SafetensorsEvents events(file_name);
  parse_strict_json(json, events);
  SafetensorsHeader header = events.take_header();
  std::vector<RawTensor> raw = events.take_tensors();
  check_layout(raw, file_bytes - data_offset, file_name);
  header.tensors.reserve(raw.size());
  for (RawTensor& tensor : raw) {
    tensor.header.offset = data_offset + tensor.begin;
    header.tensors.push_back(std::move(tensor.header));
  }
  return header;
}

SafetensorsHeader read_safetensors_header(const File& file) {
  const std::uint64_t file_bytes = file.size();
  const std::string file_name = file.path().string();
  if (file_bytes < safetensors_length_bytes) {
    throw Error(ExitCode::input, fmt::format("is no safetensors file: it has {} bytes", file_bytes),
                {file_name, ""});
  }
  std::array<std::byte, safetensors_length_bytes> length_bytes{};
  file.read_exact(0, length_bytes);
  const std::uint64_t length = load_little_endian(length_bytes);
  if (length > safetensors_longest_header_bytes) {
    throw Error(ExitCode::input,
                fmt::format("is no safetensors file: its header would have {} bytes, {} are allowed", length,
                            safetensors_longest_header_bytes),
                {file_name, ""});
  }
  if (length > file_bytes - safetensors_length_bytes) {
    throw Error(ExitCode::input,
                fmt::format("is truncated: its header has {} bytes, the file only {}", length, file_bytes),
                {file_name, ""});
  }
  std::string json(static_cast<std::size_t>(length), '\0');
  file.read_exact(safetensors_length_bytes, std::as_writable_bytes(std::span(json)));
  return parse_safetensors_header(json, file_bytes, file_name);
}

}  // namespace stockpot::io
