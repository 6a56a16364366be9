// Compiled once per instruction set by foreach_target.h.
#include "kernel/cpu/targets.hpp"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernel/cpu/nearswap.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first: it sets what the other headers read.
#include <hwy/highway.h>

#include <algorithm>

#include "kernel/cpu/vector_kernels-inl.hpp"
#if STOCKPOT_KERNEL_VECTORS
#include "kernel/cpu/blocks-inl.hpp"
#endif

HWY_BEFORE_NAMESPACE();
namespace stockpot::kernel::cpu {
namespace HWY_NAMESPACE {

#if STOCKPOT_KERNEL_VECTORS

/// w * donor + (1 - w) * base of one block. No comparison holds for NaN, which so reaches the result.
void interpolate(double t, const double* donor, const double* base, double* values, std::uint64_t count) {
  const Doubles zero = hn::Zero(F64());
  const Doubles one = hn::Set(F64(), 1.0);
  const Doubles least = hn::Set(F64(), 1e-6);
  for (std::uint64_t element = 0; element < count; element += lanes()) {
    const Doubles x = hn::Load(F64(), donor + element);
    const Doubles b = hn::Load(F64(), base + element);
    const Doubles distance = hn::Abs(hn::Sub(b, x));
    Doubles w = hn::Div(hn::Set(F64(), t), hn::IfThenElse(hn::Lt(distance, least), least, distance));
    w = hn::IfThenElse(hn::Lt(w, zero), zero, w);
    w = hn::IfThenElse(hn::Gt(w, one), one, w);
    hn::Store(hn::Add(hn::Mul(w, x), hn::Mul(hn::Sub(one, w), b)), F64(), values + element);
  }
}

ElementCounts nearswap(double t, TypedInput donor, TypedInput base, TypedOutput output, std::uint64_t count) {
  const std::uint64_t whole = whole_groups(count);
  const bool paired = donor.dtype == DType::bf16 && base.dtype == DType::bf16 && output.dtype == DType::bf16;
  const LinearForm value{.weights = {}, .divisor = {}, .anchor_weight = {}};
  const FinishBlock finish_block = for_output(output.dtype, paired, FinishChoice());
  WideBlock donor_block(donor, true, paired);
  WideBlock base_block(base, true, paired);
  Row values;
  ElementCounts counts;
  for (std::uint64_t begin = 0; begin < whole; begin += row_elements) {
    const std::uint64_t size = std::min(row_elements, whole - begin);
    interpolate(t, donor_block.at(begin, size), base_block.at(begin, size), values.data(), size);
    counts.nonfinite += finish_block(value, values.data(), nullptr, skip(output, begin).data, size);
  }
  counts.nonfinite +=
      reference::nearswap(t, skip(donor, whole), skip(base, whole), skip(output, whole), count - whole)
          .nonfinite;
  return counts;
}

NearswapKernel nearswap_kernel() {
  return nearswap;
}

#else

NearswapKernel nearswap_kernel() {
  return reference::nearswap;
}

#endif

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();
