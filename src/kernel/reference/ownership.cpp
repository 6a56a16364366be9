#include <cmath>
#include <vector>

#include "kernel/reference/elements.hpp"
#include "kernel/task_vector_kernels.hpp"

namespace stockpot::kernel::reference {
namespace {

/// A NaN is owned, so that it shows.
bool owns(double delta, double epsilon) {
  return !(std::abs(delta) <= epsilon);
}

}  // namespace

ElementCounts combine_owned(std::span<const OwningPart> parts, TypedInput anchor, double epsilon,
                            TypedOutput output, std::uint64_t first, std::uint64_t end) {
  ElementCounts counts;
  for (std::uint64_t index = first; index < end; ++index) {
    const double b = element(anchor, index);
    double owners = 0.0;
    double sum = 0.0;
    double alone = 0.0;
    for (const OwningPart& part : parts) {
      const double delta = element(part.input, index) - b;
      if (!owns(delta, epsilon)) continue;
      owners = owners + 1.0;
      sum = owners == 1.0 ? delta : sum + delta;
      alone = part.factor * delta;
    }
    double value = b;
    if (owners == 1.0) value = b + alone;
    if (owners > 1.0) value = b + sum / owners;
    counts.nonfinite += store(output, index, value);
  }
  return counts;
}

void owner_counts(std::span<const TypedInput> inputs, TypedInput anchor, double epsilon, std::uint64_t first,
                  std::uint64_t end, std::span<std::uint64_t> unique, std::span<std::uint64_t> shared) {
  for (std::uint64_t index = first; index < end; ++index) {
    std::vector<std::size_t> owners;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (owns(element(inputs[i], index) - element(anchor, index), epsilon)) owners.push_back(i);
    }
    for (const std::size_t owner : owners) ++(owners.size() == 1 ? unique : shared)[owner];
  }
}

OwnershipKernels ownership_kernels() {
  return {[](std::span<const OwningPart> parts, TypedInput anchor, double epsilon, TypedOutput output,
             std::uint64_t count) { return combine_owned(parts, anchor, epsilon, output, 0, count); },
          [](std::span<const TypedInput> inputs, TypedInput anchor, double epsilon, std::uint64_t count,
             std::span<std::uint64_t> unique, std::span<std::uint64_t> shared) {
            owner_counts(inputs, anchor, epsilon, 0, count, unique, shared);
          }};
}

}  // namespace stockpot::kernel::reference
