#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stockpot/tensor/dtype.hpp"
#include "stockpot/tensor/shape.hpp"

namespace stockpot::io {

/// One dataset of an HDF5 file, as its header states it.
struct StoredDataset {
  std::string object;  ///< its path in the file, names escaped, as error messages give it
  DType dtype = DType::f32;
  Shape shape;
  std::uint64_t elements = 0;
  std::uint64_t address = 0;            ///< equal for two links to one dataset
  std::optional<std::uint64_t> offset;  ///< where its contiguous bytes lie; none: only the library finds them
};

}  // namespace stockpot::io
