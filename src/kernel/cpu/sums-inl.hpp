// Sums of doubles in the stated lanes. Included once per instruction set.
#if defined(STOCKPOT_KERNEL_SUMS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STOCKPOT_KERNEL_SUMS_INL_HPP
#undef STOCKPOT_KERNEL_SUMS_INL_HPP
#else
#define STOCKPOT_KERNEL_SUMS_INL_HPP
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "kernel/cpu/formats-inl.hpp"
#include "kernel/lane_sums.hpp"

HWY_BEFORE_NAMESPACE();
namespace stockpot::kernel::cpu {
namespace HWY_NAMESPACE {

/// Vectors that hold one value for each lane of a sum.
inline constexpr std::size_t lane_vectors = sum_lanes / hn::MaxLanes(F64());

struct Value {
  static HWY_INLINE Doubles of(const double* a, const double* /*b*/) { return hn::LoadU(F64(), a); }
};
struct Magnitude {
  static HWY_INLINE Doubles of(const double* a, const double* /*b*/) { return hn::Abs(hn::LoadU(F64(), a)); }
};
struct Product {
  static HWY_INLINE Doubles of(const double* a, const double* b) {
    return hn::Mul(hn::LoadU(F64(), a), hn::LoadU(F64(), b));
  }
};

/// The sum of `Term` over two vectors of one length.
template <class Term>
double sum_terms(std::span<const double> a, std::span<const double> b) {
  std::array<Doubles, lane_vectors> sums;
  for (Doubles& sum : sums) sum = hn::Zero(F64());
  const std::size_t whole = a.size() - a.size() % sum_lanes;
  for (std::size_t e = 0; e < whole; e += sum_lanes) {
    for (std::size_t i = 0; i < lane_vectors; ++i) {
      const std::size_t at = e + i * hn::MaxLanes(F64());
      sums[i] = hn::Add(sums[i], Term::of(a.data() + at, b.data() + at));
    }
  }
  // The terms of zeros are +0, which change no lane: those start from +0.
  LaneSums rest_a{};
  LaneSums rest_b{};
  std::copy(a.begin() + static_cast<std::ptrdiff_t>(whole), a.end(), rest_a.begin());
  std::copy(b.begin() + static_cast<std::ptrdiff_t>(whole), b.end(), rest_b.begin());
  LaneSums lane_values;
  for (std::size_t i = 0; i < lane_vectors; ++i) {
    const std::size_t at = i * hn::MaxLanes(F64());
    const Doubles sum = hn::Add(sums[i], Term::of(rest_a.data() + at, rest_b.data() + at));
    hn::StoreU(sum, F64(), lane_values.data() + at);
  }
  return fold(lane_values);
}

double lane_sum(std::span<const double> values) {
  return sum_terms<Value>(values, values);
}
double absolute_sum(std::span<const double> values) {
  return sum_terms<Magnitude>(values, values);
}
double sum_of_products(std::span<const double> a, std::span<const double> b) {
  return sum_terms<Product>(a, b);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
