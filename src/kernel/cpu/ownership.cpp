// Compiled once per instruction set by foreach_target.h.
#include "kernel/cpu/targets.hpp"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernel/cpu/ownership.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first: it sets what the other headers read.
#include <hwy/highway.h>

#include <algorithm>
#include <vector>

#include "kernel/cpu/vector_kernels-inl.hpp"
#if STOCKPOT_KERNEL_VECTORS
#include "kernel/cpu/ownership-inl.hpp"
#endif

HWY_BEFORE_NAMESPACE();
namespace stockpot::kernel::cpu {
namespace HWY_NAMESPACE {

#if STOCKPOT_KERNEL_VECTORS

ElementCounts combine_owned(std::span<const OwningPart> parts, TypedInput anchor, double epsilon,
                            TypedOutput output, std::uint64_t count) {
  const std::uint64_t whole = whole_groups(count);
  std::vector<TypedInput> inputs;
  std::vector<double> factors;
  for (const OwningPart& part : parts) {
    inputs.push_back(part.input);
    factors.push_back(part.factor);
  }
  const LinearForm sum{.weights = {}, .divisor = {}, .anchor_weight = 1.0};
  const FinishBlock finish_block = for_output(output.dtype, false, FinishChoice());
  WideBlock anchor_block(anchor, true, false);
  DifferenceRows differences(inputs);
  Row sums;
  ElementCounts counts;
  for (std::uint64_t begin = 0; begin < whole; begin += row_elements) {
    const std::uint64_t size = std::min(row_elements, whole - begin);
    const double* const b = anchor_block.at(begin, size);
    owned_sums(differences.at(begin, size, b), factors.data(), epsilon, sums.data(), size);
    counts.nonfinite += finish_block(sum, sums.data(), b, skip(output, begin).data, size);
  }
  counts.nonfinite += reference::combine_owned(parts, anchor, epsilon, output, whole, count).nonfinite;
  return counts;
}

void owner_counts(std::span<const TypedInput> inputs, TypedInput anchor, double epsilon, std::uint64_t count,
                  std::span<std::uint64_t> unique, std::span<std::uint64_t> shared) {
  const std::uint64_t whole = whole_groups(count);
  WideBlock anchor_block(anchor, true, false);
  DifferenceRows differences(inputs);
  for (std::uint64_t begin = 0; begin < whole; begin += row_elements) {
    const std::uint64_t size = std::min(row_elements, whole - begin);
    count_owned(differences.at(begin, size, anchor_block.at(begin, size)), epsilon, unique, shared, size);
  }
  reference::owner_counts(inputs, anchor, epsilon, whole, count, unique, shared);
}

OwnershipKernels ownership_kernels() {
  return {combine_owned, owner_counts};
}

#else

OwnershipKernels ownership_kernels() {
  return reference::ownership_kernels();
}

#endif

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();
