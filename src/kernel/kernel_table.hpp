#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kernel/selection_kernels.hpp"
#include "kernel/task_vector_kernels.hpp"
#include "stockpot/kernel/linear_form.hpp"
#include "stockpot/kernel/random.hpp"

namespace stockpot::kernel {

/// One implementation of the arithmetic: the reference, or the vector code built for one instruction set.
/// The functions have the contracts of the public ones of the same name.
struct KernelTable {
  const char* name;
  ElementCounts (*linear_form)(const LinearForm& form, std::span<const TypedInput> inputs, TypedInput anchor,
                               TypedOutput output, std::uint64_t count);
  void (*add_to_running_sum)(const LinearForm& form, std::size_t first_model,
                             std::span<const TypedInput> inputs, TypedInput anchor, std::span<double> sums);
  ElementCounts (*finish_running_sum)(const LinearForm& form, std::span<const double> sums, TypedInput anchor,
                                      TypedOutput output);
  std::uint64_t (*count_nonfinite)(TypedInput input, std::uint64_t count);
  void (*gram)(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count,
               std::span<double> sums);
  /// All sums but the products of task vectors.
  void (*geometry)(std::span<const TypedInput> inputs, TypedInput base, std::uint64_t count,
                   std::span<double> sums);
  double (*lane_sum)(std::span<const double> values);
  double (*absolute_sum)(std::span<const double> values);
  double (*sum_of_products)(std::span<const double> a, std::span<const double> b);
  void (*random_words)(RandomKey key, std::uint64_t first_element, std::span<std::uint32_t> words);
  void (*random_keep_bits)(RandomKey key, std::uint64_t first_element, std::uint64_t count,
                           std::uint64_t threshold, std::uint64_t* bits);
  SelectionKernels selection;
  TaskVectorKernels task_vectors;
  OwnershipKernels ownership;
  NearswapKernel nearswap;
  FisherMeanKernel fisher_mean;
};

/// The implementation in use.
const KernelTable& current_table();

namespace reference {
const KernelTable& table();
void add_to_running_sum(const LinearForm& form, std::size_t first_model, std::span<const TypedInput> inputs,
                        TypedInput anchor, std::span<double> sums);
ElementCounts finish_running_sum(const LinearForm& form, std::span<const double> sums, TypedInput anchor,
                                 TypedOutput output);
std::uint64_t count_nonfinite(TypedInput input, std::uint64_t count);
void gram(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count, std::span<double> sums);
void geometry(std::span<const TypedInput> inputs, TypedInput base, std::uint64_t count,
              std::span<double> sums);
double lane_sum(std::span<const double> values);
double absolute_sum(std::span<const double> values);
double sum_of_products(std::span<const double> a, std::span<const double> b);
void random_words(RandomKey key, std::uint64_t first_element, std::span<std::uint32_t> words);
void random_keep_bits(RandomKey key, std::uint64_t first_element, std::uint64_t count,
                      std::uint64_t threshold, std::uint64_t* bits);
/// scale * quotient + anchor_weight * b, rounded into element `index`. Returns 1 if that is not finite, else
/// 0.
std::uint64_t finish(const LinearForm& form, double quotient, double b, TypedOutput output,
                     std::uint64_t index);
}  // namespace reference

namespace cpu {
/// The vector implementations that this processor runs, best first; may be empty.
std::vector<const KernelTable*> tables();
}  // namespace cpu

inline bool all_of_type(std::span<const TypedInput> inputs, DType dtype) {
  return std::all_of(inputs.begin(), inputs.end(),
                     [dtype](const TypedInput& input) { return input.dtype == dtype; });
}
inline std::vector<TypedInput> skip(std::span<const TypedInput> inputs, std::uint64_t elements) {
  std::vector<TypedInput> rest(inputs.begin(), inputs.end());
  for (TypedInput& input : rest) input = skip(input, elements);
  return rest;
}

}  // namespace stockpot::kernel
