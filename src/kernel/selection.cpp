#include "stockpot/kernel/selection.hpp"

#include "kernel/kernel_table.hpp"
#include "kernel/require.hpp"

namespace stockpot::kernel {
namespace {

void require_optional(TypedInput anchor) {
  require(anchor.data == nullptr || is_mergeable(anchor.dtype),
          "selection: the anchor's dtype is not mergeable");
}

void require_models(std::span<const TypedInput> inputs, TypedInput anchor) {
  require(!inputs.empty(), "variances: no model");
  for (const TypedInput& input : inputs)
    require(is_mergeable(input.dtype), "variances: an input's dtype is not mergeable");
  require_optional(anchor);
}

}  // namespace

void magnitudes(TypedInput x, TypedInput anchor, std::uint64_t count, double* keys) {
  require(is_mergeable(x.dtype), "magnitudes: the dtype is not mergeable");
  require_optional(anchor);
  current_table().selection.magnitudes(x, anchor, count, keys);
}

void variances(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count, double* keys) {
  require_models(inputs, anchor);
  current_table().selection.variances(inputs, anchor, count, keys);
}

void variances_not_below(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count,
                         double least, std::uint64_t* bits) {
  require_models(inputs, anchor);
  current_table().selection.variances_not_below(inputs, anchor, count, least, bits);
}

BracketCount count_bracket(std::span<const double> keys, Bracket bracket, double* candidates) {
  return current_table().selection.count_bracket(keys, bracket, candidates);
}

}  // namespace stockpot::kernel
