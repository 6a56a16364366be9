#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stockpot/kernel/linear_form.hpp"

namespace stockpot::kernel {

/// A mean of models whose elements weigh as much as their Fisher values say. By model,
/// recipe order.
struct FisherForm {
  std::vector<double> scales;   ///< l_i, factors of the Fisher values
  std::vector<double> floors;   ///< smallest Fisher value that counts; 0: as it is
  std::vector<double> weights;  ///< of the plain mean, where all Fisher values are zero
};

/// S((l_i F'_i) x_i) / S(l_i F'_i) with F'_i = max(F_i, floor_i); S(weight_i x_i) / S(weight_i) where the
/// denominator is 0. Every operation is rounded; bits are equal on every instruction set. `fisher` holds as
/// many elements as `inputs`. The output must not overlap an input. Throws std::invalid_argument for numbers
/// of models that differ, for none, and for a dtype that is not mergeable (or no output dtype). Local, thread
/// safe.
ElementCounts fisher_mean(const FisherForm& form, std::span<const TypedInput> inputs,
                          std::span<const TypedInput> fisher, TypedOutput output, std::uint64_t count);

/// Number of elements that are no Fisher values: negative (-0 is not), NaN or infinite. Throws
/// std::invalid_argument for other types than f32 and f64. Local, thread safe.
std::uint64_t count_invalid_fisher(TypedInput fisher, std::uint64_t count);

}  // namespace stockpot::kernel
