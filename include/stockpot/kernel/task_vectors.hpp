#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "stockpot/kernel/linear_form.hpp"

namespace stockpot::kernel {

/// One model's share of a sum of task vectors d_i = x_i - b. Entry e of a tile is kept where
/// least <= |d_i| <= most (a NaN is always within) and, if `keep` is given, where bit e % 64 of keep[e / 64]
/// is set. A kept entry becomes s_i = (d_i * factor) / divisor; 1 changes nothing. With `divisors` entry e is
/// divided by divisors[e] instead. A dropped entry contributes nothing, not even a zero.
/// @pre weight, factor and divisor are finite, divisor is not 0, least and most are not NaN
struct SparsePart {
  TypedInput input;
  double weight = 1.0;
  double least = 0.0;
  double most = std::numeric_limits<double>::infinity();
  const std::uint64_t* keep = nullptr;  ///< (count + 63) / 64 words; parts may share them
  double factor = 1.0;
  double divisor = 1.0;
  const double* divisors = nullptr;  ///< `count` numbers, of any alignment
};

/// Which kept entries contribute: all, or those whose vote has the elected sign. Votes are v_i = w_i s_i or
/// s_i; the elected sign is that of their sum over the kept entries. A zero vote never has the elected sign.
/// A sum of votes that is NaN makes the value NaN.
enum class Election : std::uint8_t { none, weighted, unweighted };

/// What the sum is divided by: nothing, a number, or the sum of the weights that contribute to this element.
enum class Divisor : std::uint8_t { none, constant, contributing_weights };

/// value = b + lambda * (S(w_i s_i) / divisor) over the contributing entries; b itself, every bit of it but
/// a NaN's payload, where nothing contributes. S runs in the order of the parts from the first one that
/// contributes; every product, sum and quotient is rounded. What merges so: task_arithmetic, dare_linear,
/// breadcrumbs and della_linear without election; ties, dare_ties, della and breadcrumbs_ties with weighted
/// votes; ties (paper) and sce with unweighted ones.
/// @pre every number is finite, tie_sign is not 0, neither is a constant divisor
struct TaskVectorForm {
  Election election = Election::none;
  double tie_sign = 1.0;  ///< whose sign is elected where the sum of votes is +0 or -0
  Divisor divisor_rule = Divisor::none;
  double divisor = 1.0;        ///< if constant
  double least_divisor = 0.0;  ///< if > 0, contributing weights count at least this; else a sum of 0 is 1
  double lambda = 1.0;
};

/// Computes `count` elements of a tile. Without a part it converts the anchor. The output must not overlap an
/// input. Bits are equal on every instruction set. Throws std::invalid_argument when a @pre is broken or a
/// dtype is not mergeable (or no output dtype); so do the functions below. All are local, thread safe and
/// take O(parts * count).
ElementCounts combine_task_vectors(const TaskVectorForm& form, std::span<const SparsePart> parts,
                                   TypedInput anchor, TypedOutput output, std::uint64_t count);

/// Elements where the sum of the kept s_i, in the order of the parts, is positive, minus those where it is
/// negative; what the majority sign of paper TIES is the sign of, summed over all tiles. Weights play no
/// role.
std::int64_t sign_balance(std::span<const SparsePart> parts, TypedInput anchor, std::uint64_t count);

/// entries[e] = s_i where the part keeps e, +0 elsewhere. `entries` has room for `count`.
void sparsified(const SparsePart& part, TypedInput anchor, std::uint64_t count, double* entries);

}  // namespace stockpot::kernel
