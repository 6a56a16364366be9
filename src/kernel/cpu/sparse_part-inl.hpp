// The kept entries of one model, as rows or added to running sums. Included once per instruction
// set.
#if defined(STOCKPOT_KERNEL_SPARSE_PART_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STOCKPOT_KERNEL_SPARSE_PART_INL_HPP
#undef STOCKPOT_KERNEL_SPARSE_PART_INL_HPP
#else
#define STOCKPOT_KERNEL_SPARSE_PART_INL_HPP
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <limits>

#include "kernel/cpu/blocks-inl.hpp"
#include "stockpot/kernel/task_vectors.hpp"

HWY_BEFORE_NAMESPACE();
namespace stockpot::kernel::cpu {
namespace HWY_NAMESPACE {

using Mask = hn::Mask<F64>;
struct QuadMask {
  Mask a, b, c, d;
};

HWY_INLINE QuadMask either(QuadMask x, QuadMask y) {
  return {hn::Or(x.a, y.a), hn::Or(x.b, y.b), hn::Or(x.c, y.c), hn::Or(x.d, y.d)};
}
HWY_INLINE Quad zero_where(QuadMask mask, Quad x) {
  return {hn::IfThenZeroElse(mask.a, x.a), hn::IfThenZeroElse(mask.b, x.b), hn::IfThenZeroElse(mask.c, x.c),
          hn::IfThenZeroElse(mask.d, x.d)};
}
HWY_INLINE Quad choose(QuadMask mask, Doubles yes, Quad no) {
  return {hn::IfThenElse(mask.a, yes, no.a), hn::IfThenElse(mask.b, yes, no.b),
          hn::IfThenElse(mask.c, yes, no.c), hn::IfThenElse(mask.d, yes, no.d)};
}

/// -0 changes nothing that it is added to: neither another number nor a zero of either sign.
HWY_INLINE Doubles nothing() {
  return hn::Set(F64(), -0.0);
}

/// Decides which entries a part drops, and scales the others.
class Sieve {
 public:
  explicit Sieve(const SparsePart& part)
      : part_(part),
        bounded_(part.least > 0.0 || part.most < std::numeric_limits<double>::infinity()),
        least_(hn::Set(F64(), part.least)),
        most_(hn::Set(F64(), part.most)) {}

  /// For the group that begins at `element` of the tile, a multiple of the group's size.
  HWY_INLINE QuadMask dropped(Quad delta, std::uint64_t element) const {
    const Mask no = hn::MaskFromVec(hn::Zero(F64()));
    QuadMask mask{no, no, no, no};
    if (bounded_) mask = {outside(delta.a), outside(delta.b), outside(delta.c), outside(delta.d)};
    if (part_.keep != nullptr) mask = either(mask, clear_bits(part_.keep[element / 64] >> (element % 64)));
    return mask;
  }
  /// Of the same group.
  HWY_INLINE Quad scaled(Quad delta, std::uint64_t element) const {
    const Quad product = weighted(delta, part_.factor);
    if (part_.divisors != nullptr) {
      const Quad divisors = load_doubles(part_.divisors + element);
      return {hn::Div(product.a, divisors.a), hn::Div(product.b, divisors.b), hn::Div(product.c, divisors.c),
              hn::Div(product.d, divisors.d)};
    }
    return part_.divisor == 1.0 ? product : divide(product, part_.divisor);
  }

 private:
  HWY_INLINE Mask outside(Doubles delta) const {
    const Doubles magnitude = hn::Abs(delta);
    return hn::Or(hn::Lt(magnitude, least_), hn::Gt(magnitude, most_));
  }
  /// Lanes whose bit, counted from the lowest, is 0.
  HWY_INLINE QuadMask clear_bits(std::uint64_t word) const {
    const auto bits = hn::Set(U64(), word);
    return {clear_lanes(bits, 0), clear_lanes(bits, 1), clear_lanes(bits, 2), clear_lanes(bits, 3)};
  }
  HWY_INLINE Mask clear_lanes(hn::Vec<U64> bits, std::size_t vector) const {
    const auto lane_bits = hn::Shl(hn::Set(U64(), 1), hn::Iota(U64(), vector * lanes()));
    return hn::RebindMask(F64(), hn::Eq(hn::And(bits, lane_bits), hn::Zero(U64())));
  }

  const SparsePart& part_;
  bool bounded_;
  Doubles least_;
  Doubles most_;
};

/// A group's task vector d.
template <class In>
HWY_INLINE Quad task_vector(const SparsePart& part, std::uint64_t element, const double* anchor) {
  return subtract(In::load(part.input.data + element * In::bytes), load_doubles(anchor));
}

/// The scaled entries of the block that begins at element `begin` of the tile, +0 where they are dropped.
template <class In>
void sparse_row(const SparsePart& part, std::uint64_t begin, const double* anchor, double* row,
                std::uint64_t count) {
  const Sieve sieve(part);
  const std::size_t group = group_elements();
  for (std::uint64_t element = 0; element < count; element += group) {
    const Quad delta = task_vector<In>(part, begin + element, anchor + element);
    store_doubles(zero_where(sieve.dropped(delta, begin + element), sieve.scaled(delta, begin + element)),
                  row + element);
  }
}

/// Sums over the parts of a block; null where they are not needed.
struct RunningSums {
  double* products = nullptr;
  double* weights = nullptr;
  double* untouched = nullptr;  ///< -0 until an entry is kept, then +0
  bool start = true;
};

HWY_INLINE void add_to(double* sums, bool start, Quad terms) {
  store_doubles(start ? terms : add(load_doubles(sums), terms), sums);
}

/// Adds weight * entry, the weight, and a mark for every entry that is kept.
template <class In>
void add_sparse(const SparsePart& part, std::uint64_t begin, const double* anchor, const RunningSums& sums,
                std::uint64_t count) {
  const Sieve sieve(part);
  const Doubles weight = hn::Set(F64(), part.weight);
  const Quad weights{weight, weight, weight, weight};
  const Doubles zero = hn::Zero(F64());
  const std::size_t group = group_elements();
  for (std::uint64_t element = 0; element < count; element += group) {
    const Quad delta = task_vector<In>(part, begin + element, anchor + element);
    const QuadMask dropped = sieve.dropped(delta, begin + element);
    const Quad product = weighted(sieve.scaled(delta, begin + element), part.weight);
    add_to(sums.products + element, sums.start, choose(dropped, nothing(), product));
    if (sums.weights != nullptr) {
      add_to(sums.weights + element, sums.start, choose(dropped, nothing(), weights));
    }
    if (sums.untouched != nullptr) {
      add_to(sums.untouched + element, sums.start, choose(dropped, nothing(), {zero, zero, zero, zero}));
    }
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
