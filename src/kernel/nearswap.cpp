#include "stockpot/kernel/nearswap.hpp"

#include <cmath>

#include "kernel/kernel_table.hpp"
#include "kernel/require.hpp"

namespace stockpot::kernel {

ElementCounts nearswap(double t, TypedInput donor, TypedInput base, TypedOutput output, std::uint64_t count) {
  require(std::isfinite(t), "nearswap: t is not finite");
  require(is_mergeable(donor.dtype) && is_mergeable(base.dtype), "nearswap: a dtype is not mergeable");
  require(is_output(output.dtype), "nearswap: not an output dtype");
  return current_table().nearswap(t, donor, base, output, count);
}

}  // namespace stockpot::kernel
