// Elements that models own alone or share. Included once per instruction
// set.
#if defined(STOCKPOT_KERNEL_OWNERSHIP_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STOCKPOT_KERNEL_OWNERSHIP_INL_HPP
#undef STOCKPOT_KERNEL_OWNERSHIP_INL_HPP
#else
#define STOCKPOT_KERNEL_OWNERSHIP_INL_HPP
#endif

#include <hwy/highway.h>

#include <cstdint>
#include <span>

#include "kernel/cpu/blocks-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace stockpot::kernel::cpu {
namespace HWY_NAMESPACE {

HWY_INLINE auto owned(Doubles delta, Doubles epsilon) {
  return hn::Not(hn::Le(hn::Abs(delta), epsilon));
}

/// Over rows of differences: what is to be added to the anchor, -0 where nobody owns the element.
inline void owned_sums(std::span<const Row> rows, const double* factors, double epsilon, double* sums,
                       std::uint64_t count) {
  const Doubles threshold = hn::Set(F64(), epsilon);
  const Doubles one = hn::Set(F64(), 1.0);
  const Doubles nothing = hn::Set(F64(), -0.0);  // the sum of no terms
  for (std::uint64_t element = 0; element < count; element += lanes()) {
    Doubles owners = hn::Zero(F64());
    Doubles sum = nothing;
    Doubles alone = nothing;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Doubles delta = hn::Load(F64(), rows[i].data() + element);
      const auto owns = owned(delta, threshold);
      owners = hn::Add(owners, hn::IfThenElseZero(owns, one));
      sum = hn::Add(sum, hn::IfThenElse(owns, delta, nothing));
      alone = hn::IfThenElse(owns, hn::Mul(delta, hn::Set(F64(), factors[i])), alone);
    }
    const auto shared = hn::Gt(owners, one);
    const Doubles mean = hn::Div(sum, hn::Max(owners, one));
    hn::Store(hn::IfThenElse(shared, mean, alone), F64(), sums + element);
  }
}

inline void count_owned(std::span<const Row> rows, double epsilon, std::span<std::uint64_t> unique,
                        std::span<std::uint64_t> shared, std::uint64_t count) {
  const Doubles threshold = hn::Set(F64(), epsilon);
  const Doubles one = hn::Set(F64(), 1.0);
  for (std::uint64_t element = 0; element < count; element += lanes()) {
    Doubles owners = hn::Zero(F64());
    for (const Row& row : rows) {
      const auto owns = owned(hn::Load(F64(), row.data() + element), threshold);
      owners = hn::Add(owners, hn::IfThenElseZero(owns, one));
    }
    const auto several = hn::Gt(owners, one);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto owns = owned(hn::Load(F64(), rows[i].data() + element), threshold);
      shared[i] += hn::CountTrue(F64(), hn::And(owns, several));
      unique[i] += hn::CountTrue(F64(), hn::AndNot(several, owns));
    }
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
