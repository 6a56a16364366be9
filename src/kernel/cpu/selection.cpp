// Compiled once per instruction set by foreach_target.h.
#include "kernel/cpu/targets.hpp"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernel/cpu/selection.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first: it sets what the other headers read.
#include <hwy/highway.h>

#include <algorithm>

#include "kernel/cpu/vector_kernels-inl.hpp"
#if STOCKPOT_KERNEL_VECTORS
#include "kernel/cpu/selection-inl.hpp"
#endif

HWY_BEFORE_NAMESPACE();
namespace stockpot::kernel::cpu {
namespace HWY_NAMESPACE {

#if STOCKPOT_KERNEL_VECTORS

struct MagnitudeChoice {
  template <class In>
  constexpr auto of() const {
    return &magnitude_block<In>;
  }
};
void magnitudes(TypedInput x, TypedInput anchor, std::uint64_t count, double* keys) {
  const std::uint64_t whole = whole_groups(count);
  const auto magnitude = for_input(x.dtype, false, MagnitudeChoice());
  WideBlock anchor_block(anchor, anchor.data != nullptr, false);
  for (std::uint64_t begin = 0; begin < whole; begin += block_elements) {
    const std::uint64_t size = std::min(block_elements, whole - begin);
    magnitude(skip(x, begin).data, anchor_block.at(begin, size), keys + begin, size);
  }
  reference::magnitudes(skip(x, whole), skip(anchor, whole), count - whole, keys + whole);
}

void variances(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count, double* keys) {
  const std::uint64_t whole = whole_groups(count);
  WideBlock anchor_block(anchor, anchor.data != nullptr, false);
  DifferenceRows differences(inputs);
  for (std::uint64_t begin = 0; begin < whole; begin += row_elements) {
    const std::uint64_t size = std::min(row_elements, whole - begin);
    variance_block(differences.at(begin, size, anchor_block.at(begin, size)), keys + begin, size);
  }
  reference::variances(skip(inputs, whole), skip(anchor, whole), count - whole, keys + whole);
}

void variances_not_below(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count,
                         double least, std::uint64_t* bits) {
  const std::uint64_t whole = count - count % 64;
  const double least_sum = least_dividend(least, static_cast<double>(inputs.size()));
  WideBlock anchor_block(anchor, anchor.data != nullptr, false);
  DifferenceRows differences(inputs);
  for (std::uint64_t begin = 0; begin < whole; begin += row_elements) {
    const std::uint64_t size = std::min(row_elements, whole - begin);
    variance_bits(differences.at(begin, size, anchor_block.at(begin, size)), least_sum, bits + begin / 64,
                  size);
  }
  reference::variances_not_below(skip(inputs, whole), skip(anchor, whole), count - whole, least,
                                 bits + whole / 64);
}

BracketCount count_bracket(std::span<const double> keys, Bracket bracket, double* candidates) {
  const std::uint64_t whole = keys.size() - keys.size() % lanes();
  BracketCounter counter(bracket, candidates);
  for (std::uint64_t i = 0; i < whole; i += lanes()) counter.count(keys.data() + i);
  BracketCount counts = counter.counts();
  const BracketCount rest = reference::count_bracket(
      keys.subspan(whole), bracket, candidates == nullptr ? nullptr : candidates + counts.inside);
  return {counts.below + rest.below, counts.inside + rest.inside};
}

SelectionKernels selection_kernels() {
  return {magnitudes, variances, variances_not_below, count_bracket};
}

#else

SelectionKernels selection_kernels() {
  return reference::selection_kernels();
}

#endif

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();
