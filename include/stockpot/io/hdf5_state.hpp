#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "stockpot/io/safetensors.hpp"

namespace stockpot::io {

/// HDF5 state dicts: one dataset per tensor at the root, named as the tensor with `%` written `%25` and `/`
/// written `%2F`. BF16 is a 2-byte custom float (sign 1, exponent 8 bias 127, mantissa 7); F8 types are
/// custom 1-byte floats where HDF5 can say it, else u8 with the attribute `dtype`; every dataset that HDF5
/// types can't tell apart (BOOL, F4, F6, F8*, C64) carries the attribute `dtype` = safetensors name. Files
/// are little-endian, without time stamps, datasets contiguous.
std::string escape_hdf5_name(std::string_view tensor_name);
std::string unescape_hdf5_name(std::string_view object_name);

struct Hdf5State {
  std::vector<TensorHeader> tensors;  ///< sorted by name bytewise; `offset` is where the contiguous bytes
                                      ///< lie, so that `File` reads them
  std::map<std::string, std::string> metadata;  ///< string attributes of the root
};
/// Lists a state dict. Refused by name, Error{input}: foreign or truncated files, groups below the root,
/// chunked, filtered, external or big-endian datasets, types without a safetensors counterpart, links that
/// leave the file.
Hdf5State read_hdf5_state(const std::filesystem::path& path);

/// Creates the file with every dataset allocated and unwritten, closes it, and gives the offsets; ranks then
/// write through `File`. Throws Error{system_io} with HDF5's own error text.
Hdf5State create_hdf5_state(const std::filesystem::path& path, const std::vector<TensorHeader>& tensors,
                            const std::map<std::string, std::string>& metadata);

/// "1.10.8".
std::string hdf5_version();

}  // namespace stockpot::io
