#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stockpot/tensor/dtype.hpp"

namespace stockpot::kernel {

/// value = scale * (S(w_i y_i) / divisor) + anchor_weight * b, with y_i = x_i or, for task vectors, x_i - b.
/// S runs over the models in recipe order, left to right. Every product, sum and quotient is rounded to
/// double, no fused multiply-add. The division happens only with a divisor, the last term only with an anchor
/// weight. This covers the stated expressions of the linear family; multiplying by 1 is exact. Without a
/// model the sum contributes nothing: the value is anchor_weight * b, or +0. NaN results are the positive
/// quiet NaN.
struct LinearForm {
  std::vector<double> weights;
  bool task_vectors = false;
  std::optional<double> divisor;
  double scale = 1.0;
  std::optional<double> anchor_weight;

  [[nodiscard]] bool needs_anchor() const { return task_vectors || anchor_weight.has_value(); }
};

/// Packed little-endian elements; may be unaligned. @pre is_mergeable(dtype)
struct TypedInput {
  DType dtype = DType::f32;
  const std::byte* data = nullptr;
};

/// @pre is_output(dtype); 64-byte alignment is not required.
struct TypedOutput {
  DType dtype = DType::f32;
  std::byte* data = nullptr;
};

/// `input` without its first `elements` elements; none stays none.
inline TypedInput skip(TypedInput input, std::uint64_t elements) {
  if (input.data != nullptr) input.data += elements * static_cast<std::uint64_t>(bytes(input.dtype));
  return input;
}
inline TypedOutput skip(TypedOutput output, std::uint64_t elements) {
  output.data += elements * static_cast<std::uint64_t>(bytes(output.dtype));
  return output;
}

/// Counts what an output pass met; sums of these over tiles are exact.
struct ElementCounts {
  std::uint64_t nonfinite = 0;  ///< outputs that are NaN or infinite after rounding
};

/// Computes `count` elements. `inputs` are the models of `form.weights`, in order; `anchor` is read only if
/// the form needs it. The output must not overlap an input. Local, thread safe. Bits equal
/// `reference::linear_form` for every input, dtype and instruction set. Throws std::invalid_argument when the
/// numbers of weights and inputs differ or a dtype breaks its
/// @pre; so do the functions below.
ElementCounts linear_form(const LinearForm& form, std::span<const TypedInput> inputs, TypedInput anchor,
                          TypedOutput output, std::uint64_t count);

/// The running sum S over a part of the models, for grids whose columns hold different models: adds models
/// `first_model` up to, not including, `first_model + inputs.size()` of the form to `sums` (overwrites them
/// when first_model is 0, with zeros if there are no inputs). `anchor` is read only for task vectors.
void add_to_running_sum(const LinearForm& form, std::size_t first_model, std::span<const TypedInput> inputs,
                        TypedInput anchor, std::span<double> sums);
/// Division, scale, anchor and rounding of a complete running sum. `anchor` is read only with an anchor
/// weight.
ElementCounts finish_running_sum(const LinearForm& form, std::span<const double> sums, TypedInput anchor,
                                 TypedOutput output);

/// Converts elements, rounding once. Same dtype copies bytes, NaN payloads included (memmove).
ElementCounts convert(TypedInput input, TypedOutput output, std::uint64_t count);

/// Number of NaN and infinite elements. @pre is_mergeable(dtype)
std::uint64_t count_nonfinite(TypedInput input, std::uint64_t count);

namespace reference {
/// The oracle: scalar, one element at a time, written as the formula reads.
ElementCounts linear_form(const LinearForm& form, std::span<const TypedInput> inputs, TypedInput anchor,
                          TypedOutput output, std::uint64_t count);
}  // namespace reference

/// Name of the implementation in use: an instruction set ("SSE4", "AVX2", "AVX3", ...) or "scalar".
const char* instruction_set();
/// What `restrict_instruction_set` takes on this processor: best first, "scalar" last.
std::vector<std::string> available_instruction_sets();
/// Chooses the implementation for the whole process, for tests: "scalar" takes the reference, "" the best.
/// The first use of any kernel reads the environment variable STOCKPOT_SIMD the same way.
/// Throws Error{usage} for a name that is not available.
void restrict_instruction_set(const char* name);

}  // namespace stockpot::kernel
