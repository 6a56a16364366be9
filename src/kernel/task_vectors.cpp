#include "stockpot/kernel/task_vectors.hpp"

#include <cmath>

#include "kernel/kernel_table.hpp"
#include "kernel/require.hpp"

namespace stockpot::kernel {
namespace {

void require_part(const SparsePart& part) {
  require(is_mergeable(part.input.dtype), "task vectors: an input's dtype is not mergeable");
  require(std::isfinite(part.weight) && std::isfinite(part.factor), "task vectors: a weight is not finite");
  require(std::isfinite(part.divisor) && part.divisor != 0.0, "task vectors: a part's divisor is not usable");
  require(!std::isnan(part.least) && !std::isnan(part.most), "task vectors: a threshold is NaN");
}

void require_parts(std::span<const SparsePart> parts, TypedInput anchor) {
  require(is_mergeable(anchor.dtype), "task vectors: the anchor's dtype is not mergeable");
  for (const SparsePart& part : parts) require_part(part);
}

}  // namespace

ElementCounts combine_task_vectors(const TaskVectorForm& form, std::span<const SparsePart> parts,
                                   TypedInput anchor, TypedOutput output, std::uint64_t count) {
  require(is_output(output.dtype), "task vectors: not an output dtype");
  require(std::isfinite(form.lambda), "task vectors: lambda is not finite");
  require(std::isfinite(form.least_divisor), "task vectors: the least divisor is not finite");
  require(std::isfinite(form.tie_sign) && form.tie_sign != 0.0, "task vectors: no sign for ties");
  require(form.divisor_rule != Divisor::constant || (std::isfinite(form.divisor) && form.divisor != 0.0),
          "task vectors: the divisor is not usable");
  require_parts(parts, anchor);
  return current_table().task_vectors.combine(form, parts, anchor, output, count);
}

std::int64_t sign_balance(std::span<const SparsePart> parts, TypedInput anchor, std::uint64_t count) {
  require_parts(parts, anchor);
  return current_table().task_vectors.sign_balance(parts, anchor, count);
}

void sparsified(const SparsePart& part, TypedInput anchor, std::uint64_t count, double* entries) {
  require_parts(std::span(&part, 1), anchor);
  current_table().task_vectors.sparsified(part, anchor, count, entries);
}

}  // namespace stockpot::kernel
