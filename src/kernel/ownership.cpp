#include "stockpot/kernel/ownership.hpp"

#include <cmath>

#include "kernel/kernel_table.hpp"
#include "kernel/require.hpp"

namespace stockpot::kernel {

ElementCounts combine_owned(std::span<const OwningPart> parts, TypedInput anchor, double epsilon,
                            TypedOutput output, std::uint64_t count) {
  require(is_output(output.dtype), "combine_owned: not an output dtype");
  require(is_mergeable(anchor.dtype), "combine_owned: the anchor's dtype is not mergeable");
  require(std::isfinite(epsilon), "combine_owned: epsilon is not finite");
  for (const OwningPart& part : parts) {
    require(is_mergeable(part.input.dtype), "combine_owned: an input's dtype is not mergeable");
    require(std::isfinite(part.factor), "combine_owned: a factor is not finite");
  }
  return current_table().ownership.combine(parts, anchor, epsilon, output, count);
}

void owner_counts(std::span<const TypedInput> inputs, TypedInput anchor, double epsilon, std::uint64_t count,
                  std::span<std::uint64_t> unique, std::span<std::uint64_t> shared) {
  require(unique.size() == inputs.size() && shared.size() == inputs.size(),
          "owner_counts: not as many counts as inputs");
  require(is_mergeable(anchor.dtype), "owner_counts: the anchor's dtype is not mergeable");
  require(std::isfinite(epsilon), "owner_counts: epsilon is not finite");
  for (const TypedInput& input : inputs)
    require(is_mergeable(input.dtype), "owner_counts: an input's dtype is not mergeable");
  current_table().ownership.count(inputs, anchor, epsilon, count, unique, shared);
}

}  // namespace stockpot::kernel
