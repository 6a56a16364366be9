#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stockpot/tensor/dtype.hpp"

namespace stockpot {

/// Dimensions, outermost first. An empty shape is a scalar.
using Shape = std::vector<std::uint64_t>;

/// Number of elements, or nullopt when the product does not fit 64 bits (checked left to right).
std::optional<std::uint64_t> element_count(const Shape& shape);
/// Bytes of a tensor, or nullopt on overflow or when sub-byte elements do not fill whole bytes.
std::optional<std::uint64_t> tensor_bytes(DType dtype, const Shape& shape);
/// "[4096, 11008]".
std::string to_string(const Shape& shape);

/// The layer a tensor belongs to: its name up to and including the first all-digit component
/// (`model.layers.7`); without one, the name without its last component; a name without dots is its own
/// layer.
std::string layer_of(const std::string& tensor_name);

}  // namespace stockpot
