#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "stockpot/base/digest.hpp"
#include "stockpot/report/inspect.hpp"
#include "stockpot/tensor/dtype.hpp"
#include "stockpot/tensor/shape.hpp"

namespace stockpot::report {

struct ManifestTensor {
  DType dtype = DType::f32;
  Shape shape;
  std::string file;  ///< a plain name, never a path
  Digest digest;
};

/// What stockpot_manifest.json promises of an output.
struct Manifest {
  Origin origin;
  std::map<std::string, ManifestTensor> tensors;
};

/// Strict: format_version 1, no key twice, nesting below 64, every tensor with a known dtype, a shape of
/// natural numbers, a plain file name and a digest of 32 hex digits. Other members are left alone.
/// Error{input} naming file and tensor. Allocates nothing whose size the text only claims.
Manifest parse_manifest(std::string_view json, const std::string& file_name);

/// The manifest of an output folder. Error{input} when there is none.
Manifest read_manifest(const std::filesystem::path& output);

}  // namespace stockpot::report
