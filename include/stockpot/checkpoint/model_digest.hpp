#pragma once

#include <span>

#include "stockpot/base/digest.hpp"
#include "stockpot/checkpoint/checkpoint.hpp"

namespace stockpot::checkpoint {

/// Digest of a model's content: of the text made of one line `NAME DTYPE D0,D1,... HEX\n` per stored tensor,
/// sorted by name, HEX being the tensor's digest. `tensors` holds those of checkpoint.tensors, in order.
/// @pre tensors.size() == checkpoint.tensors.size()
Digest model_digest(const Checkpoint& checkpoint, std::span<const Digest> tensors);

}  // namespace stockpot::checkpoint
