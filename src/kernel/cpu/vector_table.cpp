// Compiled once per instruction set by foreach_target.h.
#include "kernel/cpu/targets.hpp"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernel/cpu/vector_table.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first: it sets what the other headers read.
#include <hwy/highway.h>

#include <algorithm>

#include "kernel/cpu/vector_kernels-inl.hpp"
#include "kernel/kernel_table.hpp"
#if STOCKPOT_KERNEL_VECTORS
#include "kernel/cpu/blocks-inl.hpp"
#include "kernel/cpu/geometry-inl.hpp"
#include "kernel/cpu/gram-inl.hpp"
#include "kernel/cpu/random-inl.hpp"
#include "kernel/cpu/sums-inl.hpp"
#endif

HWY_BEFORE_NAMESPACE();
namespace stockpot::kernel::cpu {
namespace HWY_NAMESPACE {

#if !STOCKPOT_KERNEL_VECTORS

const KernelTable* vector_table() {
  return nullptr;
}

#else

struct SumChoice {
  template <class In>
  constexpr auto of() const {
    return &sum_models<In>;
  }
};

/// Sums the models from `first_model` on, all at once if they have one type, else one after the other.
class Summation {
 public:
  Summation(const LinearForm& form, std::size_t first_model, std::span<const TypedInput> inputs, bool paired,
            Quotient quotient)
      : inputs_(inputs),
        weights_(std::span(form.weights).subspan(first_model)),
        task_vectors_(form.task_vectors),
        starts_sum_(first_model == 0),
        paired_(paired),
        models_per_pass_(all_of_type(inputs, inputs.front().dtype) ? inputs.size() : 1),
        quotient_(quotient) {}

  void block(std::uint64_t begin, std::uint64_t count, const double* anchor, double* sums) const {
    for (std::size_t first = 0; first < inputs_.size(); first += models_per_pass_) {
      const bool last_pass = first + models_per_pass_ == inputs_.size();
      const Models models{&inputs_[first], &weights_[first], models_per_pass_, begin,
                          starts_sum_ && first == 0};
      const auto sum_block = for_input(inputs_[first].dtype, paired_, SumChoice());
      sum_block(models, task_vectors_ ? anchor : nullptr, last_pass ? quotient_ : Quotient(), sums, count);
    }
  }

 private:
  std::span<const TypedInput> inputs_;
  std::span<const double> weights_;
  bool task_vectors_;
  bool starts_sum_;
  bool paired_;
  std::size_t models_per_pass_;
  Quotient quotient_;
};

ElementCounts linear_form(const LinearForm& form, std::span<const TypedInput> inputs, TypedInput anchor,
                          TypedOutput output, std::uint64_t count) {
  const std::uint64_t whole = inputs.empty() ? 0 : whole_groups(count);
  ElementCounts counts;
  if (whole != 0) {
    const bool paired = output.dtype == DType::bf16 && all_of_type(inputs, DType::bf16) &&
                        (!form.needs_anchor() || anchor.dtype == DType::bf16);
    const Summation summation(form, 0, inputs, paired, Quotient(form.divisor));
    const FinishBlock finish_block = for_output(output.dtype, paired, FinishChoice());
    WideBlock anchor_block(anchor, form.needs_anchor(), paired);
    alignas(64) Block quotients;
    for (std::uint64_t begin = 0; begin < whole; begin += block_elements) {
      const std::uint64_t size = std::min(block_elements, whole - begin);
      const double* const b = anchor_block.at(begin, size);
      summation.block(begin, size, b, quotients.data());
      counts.nonfinite += finish_block(form, quotients.data(), b, skip(output, begin).data, size);
    }
  }
  if (whole != count) {
    counts.nonfinite += reference::linear_form(form, skip(inputs, whole), skip(anchor, whole),
                                               skip(output, whole), count - whole)
                            .nonfinite;
  }
  return counts;
}

void add_to_running_sum(const LinearForm& form, std::size_t first_model, std::span<const TypedInput> inputs,
                        TypedInput anchor, std::span<double> sums) {
  const std::uint64_t whole = inputs.empty() ? 0 : whole_groups(sums.size());
  if (whole != 0) {
    const Summation summation(form, first_model, inputs, false, Quotient());
    WideBlock anchor_block(anchor, form.task_vectors, false);
    for (std::uint64_t begin = 0; begin < whole; begin += block_elements) {
      const std::uint64_t size = std::min(block_elements, whole - begin);
      summation.block(begin, size, anchor_block.at(begin, size), sums.data() + begin);
    }
  }
  reference::add_to_running_sum(form, first_model, skip(inputs, whole), skip(anchor, whole),
                                sums.subspan(whole));
}

ElementCounts finish_running_sum(const LinearForm& form, std::span<const double> sums, TypedInput anchor,
                                 TypedOutput output) {
  const std::uint64_t whole = form.weights.empty() ? 0 : whole_groups(sums.size());
  const Quotient quotient(form.divisor);
  const FinishBlock finish_block = for_output(output.dtype, false, FinishChoice());
  WideBlock anchor_block(anchor, form.anchor_weight.has_value(), false);
  alignas(64) Block quotients;
  ElementCounts counts;
  for (std::uint64_t begin = 0; begin < whole; begin += block_elements) {
    const std::uint64_t size = std::min(block_elements, whole - begin);
    divide_sums(sums.data() + begin, quotient, quotients.data(), size);
    counts.nonfinite +=
        finish_block(form, quotients.data(), anchor_block.at(begin, size), skip(output, begin).data, size);
  }
  counts.nonfinite +=
      reference::finish_running_sum(form, sums.subspan(whole), skip(anchor, whole), skip(output, whole))
          .nonfinite;
  return counts;
}

template <class Integer>
std::uint64_t count_special_and_rest(TypedInput input, std::uint64_t count, Integer special) {
  using Tag = hn::ScalableTag<Integer>;
  const std::uint64_t whole = count - count % hn::Lanes(Tag());
  return count_special<Tag>(input.data, whole, special) +
         reference::count_nonfinite(skip(input, whole), count - whole);
}

std::uint64_t count_nonfinite(TypedInput input, std::uint64_t count) {
  if (input.dtype == DType::bf16) return count_special_and_rest<std::int16_t>(input, count, 0x7f80);
  if (input.dtype == DType::f16) return count_special_and_rest<std::int16_t>(input, count, 0x7c00);
  if (input.dtype == DType::f32) return count_special_and_rest<std::int32_t>(input, count, 0x7f800000);
  if (input.dtype == DType::f64) {
    return count_special_and_rest<std::int64_t>(input, count, 0x7ff0000000000000);
  }
  if (input.dtype == DType::f8_e4m3) return count_special_and_rest<std::int8_t>(input, count, 0x7f);
  return count_special_and_rest<std::int8_t>(input, count, 0x7c);
}

const KernelTable* vector_table() {
  static const KernelTable table{hwy::TargetName(HWY_TARGET),
                                 linear_form,
                                 add_to_running_sum,
                                 finish_running_sum,
                                 count_nonfinite,
                                 gram,
                                 geometry,
                                 lane_sum,
                                 absolute_sum,
                                 sum_of_products,
                                 random_words,
                                 random_keep_bits,
                                 selection_kernels(),
                                 task_vector_kernels(),
                                 ownership_kernels(),
                                 nearswap_kernel(),
                                 fisher_mean_kernel()};
  return &table;
}

#endif

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stockpot::kernel::cpu {

HWY_EXPORT(vector_table);

std::vector<const KernelTable*> tables() {
  std::vector<const KernelTable*> usable;
  const std::int64_t supported = hwy::SupportedTargets() & HWY_TARGETS;
  for (std::int64_t rest = supported; rest != 0; rest &= rest - 1) {  // lower bits are better
    hwy::ChosenTarget target;
    target.Update(rest & -rest);
    const KernelTable* const table = HWY_DISPATCH_TABLE(vector_table)[target.GetIndex()]();
    if (table != nullptr) usable.push_back(table);
  }
  return usable;
}

}  // namespace stockpot::kernel::cpu
#endif  // HWY_ONCE
