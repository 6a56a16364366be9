#pragma once

#include <cstddef>
#include <cstdint>

#include "stockpot/checkpoint/view.hpp"

namespace stockpot::checkpoint {

/// Consecutive stored scales.
struct ScaleRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

/// A range that holds every scale of elements [first, first + count). @pre count > 0
ScaleRange scales_of(const BlockScale& scale, std::uint64_t first, std::uint64_t count);

/// Turns `count` one-byte codes of type `dtype`, which lie in the last `count` bytes of the `8 * count` at
/// `data`, into doubles at `data`: value times scale, in double. `first` is the index of the first code in
/// its tensor; `scales` are stored scales from index `first_scale`.
void expand_scaled(DType dtype, const BlockScale& scale, std::uint64_t first, std::uint64_t count,
                   DType scale_dtype, const std::byte* scales, std::uint64_t first_scale, std::byte* data);

}  // namespace stockpot::checkpoint
