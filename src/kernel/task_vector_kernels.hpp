#pragma once

#include <cstdint>
#include <span>

#include "stockpot/kernel/fisher_mean.hpp"
#include "stockpot/kernel/nearswap.hpp"
#include "stockpot/kernel/ownership.hpp"
#include "stockpot/kernel/task_vectors.hpp"

namespace stockpot::kernel {

/// One implementation of task_vectors.hpp; contracts as there.
struct TaskVectorKernels {
  ElementCounts (*combine)(const TaskVectorForm& form, std::span<const SparsePart> parts, TypedInput anchor,
                           TypedOutput output, std::uint64_t count);
  std::int64_t (*sign_balance)(std::span<const SparsePart> parts, TypedInput anchor, std::uint64_t count);
  void (*sparsified)(const SparsePart& part, TypedInput anchor, std::uint64_t count, double* entries);
};

/// The same for ownership.hpp.
struct OwnershipKernels {
  ElementCounts (*combine)(std::span<const OwningPart> parts, TypedInput anchor, double epsilon,
                           TypedOutput output, std::uint64_t count);
  void (*count)(std::span<const TypedInput> inputs, TypedInput anchor, double epsilon, std::uint64_t count,
                std::span<std::uint64_t> unique, std::span<std::uint64_t> shared);
};

using NearswapKernel = ElementCounts (*)(double t, TypedInput donor, TypedInput base, TypedOutput output,
                                         std::uint64_t count);
using FisherMeanKernel = ElementCounts (*)(const FisherForm& form, std::span<const TypedInput> inputs,
                                           std::span<const TypedInput> fisher, TypedOutput output,
                                           std::uint64_t count);

namespace reference {
TaskVectorKernels task_vector_kernels();
OwnershipKernels ownership_kernels();
/// The functions above for the elements from `first` up to, not including, `end` of a tile.
ElementCounts combine_task_vectors(const TaskVectorForm& form, std::span<const SparsePart> parts,
                                   TypedInput anchor, TypedOutput output, std::uint64_t first,
                                   std::uint64_t end);
std::int64_t sign_balance(std::span<const SparsePart> parts, TypedInput anchor, std::uint64_t first,
                          std::uint64_t end);
void sparsified(const SparsePart& part, TypedInput anchor, std::uint64_t first, std::uint64_t end,
                double* entries);
ElementCounts combine_owned(std::span<const OwningPart> parts, TypedInput anchor, double epsilon,
                            TypedOutput output, std::uint64_t first, std::uint64_t end);
void owner_counts(std::span<const TypedInput> inputs, TypedInput anchor, double epsilon, std::uint64_t first,
                  std::uint64_t end, std::span<std::uint64_t> unique, std::span<std::uint64_t> shared);
ElementCounts nearswap(double t, TypedInput donor, TypedInput base, TypedOutput output, std::uint64_t count);
ElementCounts fisher_mean(const FisherForm& form, std::span<const TypedInput> inputs,
                          std::span<const TypedInput> fisher, TypedOutput output, std::uint64_t count);
}  // namespace reference

}  // namespace stockpot::kernel
