#pragma once

#include <optional>
#include <vector>

#include "stockpot/checkpoint/view.hpp"

namespace stockpot::checkpoint {

/// What becomes of a checkpoint's scales.
struct FoldedScales {
  std::vector<std::optional<BlockScale>> scale_of;  ///< by stored tensor
  std::vector<bool> is_scale;                       ///< by stored tensor: it vanishes into another
};

/// Pairs each fp8 tensor `X` with its `X_scale_inv`. Error{input} naming the tensor for scales that do not
/// fit, and for quantised forms that no stated rule dequantises: merging their raw codes would be wrong.
FoldedScales fold_scales(const Checkpoint& checkpoint);

}  // namespace stockpot::checkpoint
