#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "stockpot/base/error.hpp"
#include "stockpot/io/safetensors.hpp"

using stockpot::io::SafetensorsHeader;
using stockpot::io::TensorHeader;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// What an accepted header promises, and that the canonical writer's form of it is accepted again.
void check(const SafetensorsHeader& header, std::uint64_t json_bytes, std::uint64_t file_bytes) {
  std::uint64_t end = 8 + json_bytes;
  for (const TensorHeader& tensor : header.tensors) {
    require(tensor.offset == end);
    require(stockpot::tensor_bytes(tensor.dtype, tensor.shape) == tensor.bytes);
    end += tensor.bytes;
  }
  require(end == file_bytes);
  const auto layout = stockpot::io::canonical_safetensors(header.tensors, header.metadata);
  const SafetensorsHeader again = stockpot::io::parse_safetensors_header(
      std::string_view(layout.header).substr(8), layout.file_bytes, "again");
  require(again.tensors.size() == header.tensors.size());
  require(again.metadata == header.metadata);
}

}  // namespace

/// Two bytes give the size of the data (so that layouts can fit), the rest is the JSON.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint64_t data_bytes = data[0] + 256U * data[1];
  const std::string_view json(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::uint64_t file_bytes = 8 + json.size() + data_bytes;
  SafetensorsHeader header;
  try {
    header = stockpot::io::parse_safetensors_header(json, file_bytes, "fuzz");
  } catch (const stockpot::Error& error) {
    require(error.code() == stockpot::ExitCode::input);
    require(std::string_view(error.what()).find('\n') == std::string_view::npos);
    return 0;
  }
  check(header, json.size(), file_bytes);
  return 0;
}
