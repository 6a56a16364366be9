#pragma once

#include <cstdint>
#include <span>

#include "stockpot/kernel/linear_form.hpp"

namespace stockpot::kernel {

/// One model of RAM: it owns the elements where |d_i| = |x_i - b| exceeds the epsilon (or is NaN).
struct OwningPart {
  TypedInput input;
  double factor = 1.0;  ///< of the entries that no other model owns
};

/// mergekit's default.
inline constexpr double default_ownership_epsilon = 1e-5;

/// ram, ramplus_tl: b + r_i d_i where one model owns the element, b + S(d_i) / n over its n
/// owners where several do, in the order of the parts, and b itself, every bit of it but a NaN's payload,
/// where none does. Every operation is rounded; bits are equal on every instruction set. The output must not
/// overlap an input. Throws std::invalid_argument for a dtype that is not mergeable (or no output dtype) or a
/// number that is not finite; so does the function below. Both are local, thread safe, O(parts * count).
ElementCounts combine_owned(std::span<const OwningPart> parts, TypedInput anchor, double epsilon,
                            TypedOutput output, std::uint64_t count);

/// Adds for each model the number of its elements that it owns alone to `unique`, that it shares to `shared`.
/// Throws std::invalid_argument unless the three spans are equally long.
void owner_counts(std::span<const TypedInput> inputs, TypedInput anchor, double epsilon, std::uint64_t count,
                  std::span<std::uint64_t> unique, std::span<std::uint64_t> shared);

}  // namespace stockpot::kernel
