#pragma once

#include <cstdint>
#include <span>

#include "stockpot/kernel/linear_form.hpp"

namespace stockpot::kernel {

/// Kernels of distributed selection: the keys that entries are ranked by, and the pass that counts how many
/// keys lie below a bracket and collects those inside it. All are local, thread safe, O(elements), and give
/// the same bits (of NaN, any) on every instruction set. A dtype that is not mergeable throws
/// std::invalid_argument.

/// keys[e] = |x_e - b_e|, rounded to double; |x_e| where `anchor.data` is null. `keys` has room for `count`.
void magnitudes(TypedInput x, TypedInput anchor, std::uint64_t count, double* keys);

/// keys[e] = the population variance over the K models of d_i = x_i - b (x_i where `anchor.data` is null):
/// mean = S(d_i) / K, then S((d_i - mean)^2) / K, sums from left to right, every operation rounded. `keys`
/// has room for `count`. Throws std::invalid_argument without a model.
void variances(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count, double* keys);

/// Bit e % 64 of bits[e / 64] is set where the variance is not below `least`: where it is NaN, too. `bits`
/// has room for (count + 63) / 64 words; the last one's bits beyond the elements are clear. Throws as the
/// above.
void variances_not_below(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count,
                         double least, std::uint64_t* bits);

/// The closed interval [low, high]; empty if low > high.
struct Bracket {
  double low = 0.0;
  double high = 0.0;
};

struct BracketCount {
  std::uint64_t below = 0;   ///< keys < low
  std::uint64_t inside = 0;  ///< low <= keys <= high
};

/// Counts; unless `candidates` is null, the keys inside are written there in their order. It has room for
/// keys.size() doubles, of which those after the last candidate are left unspecified, and does not overlap
/// the keys. A NaN key is neither below nor inside: it ranks above everything.
BracketCount count_bracket(std::span<const double> keys, Bracket bracket, double* candidates);

}  // namespace stockpot::kernel
