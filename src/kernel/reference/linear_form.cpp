#include <cmath>

#include "kernel/kernel_table.hpp"
#include "kernel/reference/elements.hpp"

namespace stockpot::kernel::reference {
namespace {

/// w_i y_i of model `model`.
double term(const LinearForm& form, std::size_t model, TypedInput input, TypedInput anchor,
            std::uint64_t index) {
  const double x = element(input, index);
  const double y = form.task_vectors ? x - element(anchor, index) : x;
  return form.weights[model] * y;
}

/// scale * (sum / divisor) + anchor_weight * b.
std::uint64_t finish_sum(const LinearForm& form, double sum, TypedInput anchor, TypedOutput output,
                         std::uint64_t index) {
  const double quotient = form.divisor ? sum / *form.divisor : sum;
  return finish(form, quotient, form.anchor_weight ? element(anchor, index) : 0.0, output, index);
}

/// Without a model the sum contributes nothing: the anchor's term alone remains, or +0.
std::uint64_t finish_empty(const LinearForm& form, TypedInput anchor, TypedOutput output,
                           std::uint64_t index) {
  return store(output, index, form.anchor_weight ? *form.anchor_weight * element(anchor, index) : 0.0);
}

}  // namespace

std::uint64_t finish(const LinearForm& form, double quotient, double b, TypedOutput output,
                     std::uint64_t index) {
  double value = form.scale * quotient;
  if (form.anchor_weight) value = value + *form.anchor_weight * b;
  return store(output, index, value);
}

ElementCounts linear_form(const LinearForm& form, std::span<const TypedInput> inputs, TypedInput anchor,
                          TypedOutput output, std::uint64_t count) {
  ElementCounts counts;
  for (std::uint64_t index = 0; index < count; ++index) {
    if (inputs.empty()) {
      counts.nonfinite += finish_empty(form, anchor, output, index);
      continue;
    }
    double sum = term(form, 0, inputs[0], anchor, index);
    for (std::size_t model = 1; model < inputs.size(); ++model) {
      sum = sum + term(form, model, inputs[model], anchor, index);
    }
    counts.nonfinite += finish_sum(form, sum, anchor, output, index);
  }
  return counts;
}

void add_to_running_sum(const LinearForm& form, std::size_t first_model, std::span<const TypedInput> inputs,
                        TypedInput anchor, std::span<double> sums) {
  for (std::uint64_t index = 0; index < sums.size(); ++index) {
    if (first_model == 0) sums[index] = 0.0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const double next = term(form, first_model + i, inputs[i], anchor, index);
      sums[index] = first_model + i == 0 ? next : sums[index] + next;
    }
  }
}

ElementCounts finish_running_sum(const LinearForm& form, std::span<const double> sums, TypedInput anchor,
                                 TypedOutput output) {
  ElementCounts counts;
  for (std::uint64_t index = 0; index < sums.size(); ++index) {
    counts.nonfinite += form.weights.empty() ? finish_empty(form, anchor, output, index)
                                             : finish_sum(form, sums[index], anchor, output, index);
  }
  return counts;
}

std::uint64_t count_nonfinite(TypedInput input, std::uint64_t count) {
  std::uint64_t nonfinite = 0;
  for (std::uint64_t index = 0; index < count; ++index) {
    if (!std::isfinite(element(input, index))) ++nonfinite;
  }
  return nonfinite;
}

const KernelTable& table() {
  static const KernelTable scalar{"scalar",
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
                                  nearswap,
                                  fisher_mean};
  return scalar;
}

}  // namespace stockpot::kernel::reference
