#pragma once

#include <cstdint>

#include "stockpot/kernel/linear_form.hpp"

namespace stockpot::kernel {

/// nearswap: w * x_donor + (1 - w) * x_base with w = t / max(|x_base - x_donor|, 1e-6)
/// clamped to [0, 1]: the donor's value where both are nearer than t. Every operation is rounded; bits are
/// equal on every instruction set. The output must not overlap an input. Throws std::invalid_argument for a
/// dtype that is not mergeable (or no output dtype) or a `t` that is not finite. Local, thread safe.
ElementCounts nearswap(double t, TypedInput donor, TypedInput base, TypedOutput output, std::uint64_t count);

}  // namespace stockpot::kernel
