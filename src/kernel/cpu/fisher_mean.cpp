// Compiled once per instruction set by foreach_target.h.
#include "kernel/cpu/targets.hpp"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernel/cpu/fisher_mean.cpp"
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

/// Numerators and denominators of one block.
struct FisherSums {
  Row numerators;
  Row denominators;

  void add(double scale, double floor, const double* fisher, const double* values, std::uint64_t count,
           bool is_first) {
    const Doubles least = hn::Set(F64(), floor);
    for (std::uint64_t element = 0; element < count; element += lanes()) {
      Doubles importance = hn::Load(F64(), fisher + element);
      importance = hn::IfThenElse(hn::Lt(importance, least), least, importance);
      const Doubles factor = hn::Mul(hn::Set(F64(), scale), importance);
      Doubles numerator = hn::Mul(factor, hn::Load(F64(), values + element));
      Doubles denominator = factor;
      if (!is_first) {
        numerator = hn::Add(hn::Load(F64(), numerators.data() + element), numerator);
        denominator = hn::Add(hn::Load(F64(), denominators.data() + element), denominator);
      }
      hn::Store(numerator, F64(), numerators.data() + element);
      hn::Store(denominator, F64(), denominators.data() + element);
    }
  }

  /// Numerators become quotients; true if no denominator is zero.
  bool divide(std::uint64_t count) {
    bool none_zero = true;
    for (std::uint64_t element = 0; element < count; element += lanes()) {
      const Doubles denominator = hn::Load(F64(), denominators.data() + element);
      none_zero = none_zero && hn::AllFalse(F64(), hn::Eq(denominator, hn::Zero(F64())));
      hn::Store(hn::Div(hn::Load(F64(), numerators.data() + element), denominator), F64(),
                numerators.data() + element);
    }
    return none_zero;
  }
};

ElementCounts fisher_mean(const FisherForm& form, std::span<const TypedInput> inputs,
                          std::span<const TypedInput> fisher, TypedOutput output, std::uint64_t count) {
  const LinearForm value{.weights = {}, .divisor = {}, .anchor_weight = {}};
  const FinishBlock finish_block = for_output(output.dtype, false, FinishChoice());
  const std::uint64_t whole = whole_groups(count);
  FisherSums sums;
  ElementCounts counts;
  for (std::uint64_t begin = 0; begin < whole; begin += row_elements) {
    const std::uint64_t size = std::min(row_elements, whole - begin);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      WideBlock values(inputs[i], true, false);
      WideBlock importances(fisher[i], true, false);
      sums.add(form.scales[i], form.floors[i], importances.at(begin, size), values.at(begin, size), size,
               i == 0);
    }
    counts.nonfinite +=
        sums.divide(size)
            ? finish_block(value, sums.numerators.data(), nullptr, skip(output, begin).data, size)
            : reference::fisher_mean(form, skip(inputs, begin), skip(fisher, begin), skip(output, begin),
                                     size)
                  .nonfinite;
  }
  counts.nonfinite += reference::fisher_mean(form, skip(inputs, whole), skip(fisher, whole),
                                             skip(output, whole), count - whole)
                          .nonfinite;
  return counts;
}

FisherMeanKernel fisher_mean_kernel() {
  return fisher_mean;
}

#else

FisherMeanKernel fisher_mean_kernel() {
  return reference::fisher_mean;
}

#endif

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();
