#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "stockpot/tensor/dtype.hpp"

namespace stockpot::engine {

/// False for the F6 types: how their elements lie in bytes is nowhere said.
bool has_countable_zeros(DType dtype);

/// Number of elements that are zero, of either sign, in a packed array of whole elements.
/// @pre has_countable_zeros(dtype)
std::uint64_t count_zeros(DType dtype, std::span<const std::byte> packed);

}  // namespace stockpot::engine
