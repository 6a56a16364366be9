#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stockpot/io/file.hpp"
#include "stockpot/tensor/dtype.hpp"
#include "stockpot/tensor/shape.hpp"

namespace stockpot::io {

/// One tensor as a header states it. Names are opaque bytes, never paths.
struct TensorHeader {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  std::uint64_t offset = 0;  ///< absolute byte offset in the file
  std::uint64_t bytes = 0;
};

struct SafetensorsHeader {
  std::vector<TensorHeader> tensors;  ///< in order of offset
  std::map<std::string, std::string> metadata;
  std::vector<std::string> warnings;  ///< tolerated oddities (unknown field in a tensor's entry)
};

/// Strict reading of the JSON part (without the 8-byte length) of a file of `file_bytes` bytes.
/// Accepts a subset of what the reference (safetensors 0.8.0) accepts: also refused are duplicate keys
/// anywhere and tensor entries that are arrays. Throws Error{input}; allocates nothing whose size the header
/// only claims.
SafetensorsHeader parse_safetensors_header(std::string_view json, std::uint64_t file_bytes,
                                           const std::string& file_name);
/// Reads length and header of an open file.
SafetensorsHeader read_safetensors_header(const File& file);

/// A file to be written: header bytes, and where each tensor's bytes go.
struct SafetensorsLayout {
  std::string header;                 ///< the 8-byte length and the padded JSON
  std::vector<TensorHeader> tensors;  ///< in order of offset
  std::uint64_t file_bytes = 0;
};

/// Canonical layout: wider dtypes first so that every tensor is aligned, natural name order within a width;
/// the header is padded with spaces to a multiple of 8. `tensors` need name, dtype and shape only. Equal
/// content gives equal bytes.
SafetensorsLayout canonical_safetensors(std::vector<TensorHeader> tensors,
                                        const std::map<std::string, std::string>& metadata);

}  // namespace stockpot::io
