// Blocks of elements widened to double, and the choice of a format for a type. Included once per instruction
// set.
#if defined(STOCKPOT_KERNEL_BLOCKS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STOCKPOT_KERNEL_BLOCKS_INL_HPP
#undef STOCKPOT_KERNEL_BLOCKS_INL_HPP
#else
#define STOCKPOT_KERNEL_BLOCKS_INL_HPP
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "kernel/cpu/linear_form-inl.hpp"
#include "kernel/kernel_table.hpp"

HWY_BEFORE_NAMESPACE();
namespace stockpot::kernel::cpu {
namespace HWY_NAMESPACE {

/// Elements whose doubles (a sum and the anchor) stay in the first-level cache.
constexpr std::uint64_t block_elements = 512;

HWY_INLINE std::uint64_t whole_groups(std::uint64_t count) {
  return count - count % group_elements();
}

/// `choice.template of<Format>()` for the format that reads a type; `paired` takes bf16 in the order that
/// PairedBFloat16 writes.
template <class Choice>
auto for_input(DType input, bool paired, Choice choice) {
  if (paired) return choice.template of<PairedBFloat16>();
  if (input == DType::bf16) return choice.template of<BFloat16>();
  if (input == DType::f16) return choice.template of<Float16>();
  if (input == DType::f32) return choice.template of<Float32>();
  if (input == DType::f64) return choice.template of<Float64>();
  if (input == DType::f8_e4m3) return choice.template of<Float8E4M3>();
  return choice.template of<Float8E5M2>();
}
/// The same for the format that writes a type.
template <class Choice>
auto for_output(DType output, bool paired, Choice choice) {
  if (paired) return choice.template of<PairedBFloat16>();
  if (output == DType::bf16) return choice.template of<BFloat16>();
  if (output == DType::f16) return choice.template of<Float16>();
  if (output == DType::f32) return choice.template of<Float32>();
  return choice.template of<Float64>();
}

struct WidenChoice {
  template <class In>
  constexpr auto of() const {
    return &widen<In>;
  }
};
struct FinishChoice {
  template <class Out>
  constexpr auto of() const {
    return &finish<Out>;
  }
};
using Widen = decltype(&widen<Float32>);
using FinishBlock = decltype(&finish<Float32>);

using Block = std::array<double, block_elements>;

/// Shorter: such blocks of several models share the first-level cache.
constexpr std::uint64_t row_elements = 256;
struct alignas(64) Row : std::array<double, row_elements> {};

/// One block of an input as doubles, or null where it is not needed.
class WideBlock {
 public:
  WideBlock(TypedInput input, bool needed, bool paired)
      : input_(input), widen_block_(needed ? for_input(input.dtype, paired, WidenChoice()) : nullptr) {}

  const double* at(std::uint64_t begin, std::uint64_t count) {
    if (widen_block_ == nullptr) return nullptr;
    widen_block_(skip(input_, begin).data, values_.data(), count);
    return values_.data();
  }

 private:
  TypedInput input_;
  Widen widen_block_;
  alignas(64) Block values_;
};

/// x - b, or x without an anchor, of one block.
template <class In>
void difference_block(const std::byte* data, const double* anchor, double* differences, std::uint64_t count) {
  const std::size_t group = group_elements();
  for (std::uint64_t element = 0; element < count; element += group) {
    Quad x = In::load(data + element * In::bytes);
    if (anchor != nullptr) x = subtract(x, load_doubles(anchor + element));
    store_doubles(x, differences + element);
  }
}
struct DifferenceChoice {
  template <class In>
  constexpr auto of() const {
    return &difference_block<In>;
  }
};

/// One block of the differences of several inputs from the anchor.
class DifferenceRows {
 public:
  explicit DifferenceRows(std::span<const TypedInput> inputs) : inputs_(inputs), rows_(inputs.size()) {}

  std::span<const Row> at(std::uint64_t begin, std::uint64_t count, const double* anchor) {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const auto difference = for_input(inputs_[i].dtype, false, DifferenceChoice());
      difference(skip(inputs_[i], begin).data, anchor, rows_[i].data(), count);
    }
    return rows_;
  }

 private:
  std::span<const TypedInput> inputs_;
  std::vector<Row> rows_;
};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
