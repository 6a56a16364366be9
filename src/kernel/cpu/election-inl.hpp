// Election by sign and division of what the elected add up to. Included once per instruction
// set.
#if defined(STOCKPOT_KERNEL_ELECTION_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STOCKPOT_KERNEL_ELECTION_INL_HPP
#undef STOCKPOT_KERNEL_ELECTION_INL_HPP
#else
#define STOCKPOT_KERNEL_ELECTION_INL_HPP
#endif

#include <hwy/highway.h>

#include <cmath>
#include <cstdint>
#include <span>

#include "kernel/cpu/sparse_part-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace stockpot::kernel::cpu {
namespace HWY_NAMESPACE {

/// How sums of contributions become quotients, of which lambda times one is added to the anchor.
class ContributionQuotient {
 public:
  explicit ContributionQuotient(const TaskVectorForm& form)
      : by_weights_(form.divisor_rule == Divisor::contributing_weights),
        least_(form.least_divisor),
        constant_(form.divisor_rule == Divisor::constant ? Quotient(form.divisor) : Quotient()),
        untouched_(std::signbit(form.lambda) ? 0.0 : -0.0),
        marks_untouched_(std::signbit(form.lambda) !=
                         (form.divisor_rule == Divisor::constant && std::signbit(form.divisor))) {}

  [[nodiscard]] bool by_weights() const { return by_weights_; }
  /// The quotient that leaves the anchor as it is: lambda times it is -0.
  [[nodiscard]] Doubles untouched() const { return hn::Set(F64(), untouched_); }
  /// Whether elements without a contribution have to be told apart: their sum is -0, the divisor of weights
  /// that add up to nothing is positive, so what is added is the product of -0 and the other two signs.
  [[nodiscard]] bool marks_untouched() const { return marks_untouched_; }

  HWY_INLINE Doubles over_weights(Doubles sum, Doubles weights) const {
    const Doubles least = hn::Set(F64(), least_);
    if (least_ > 0.0) return hn::Div(sum, hn::IfThenElse(hn::Lt(weights, least), least, weights));
    const auto none = hn::Eq(weights, hn::Zero(F64()));
    return hn::Div(sum, hn::IfThenElse(none, hn::Set(F64(), 1.0), weights));
  }
  HWY_INLINE Doubles over_constant(Doubles sum) const {
    return constant_.divides ? hn::Div(sum, hn::Set(F64(), constant_.divisor))
                             : hn::Mul(sum, hn::Set(F64(), constant_.reciprocal));
  }

 private:
  bool by_weights_;
  double least_;
  Quotient constant_;
  double untouched_;
  bool marks_untouched_;
};

/// Turns running sums without election into quotients, in place of the products.
inline void divide_running(const ContributionQuotient& quotient, const RunningSums& sums,
                           std::uint64_t count) {
  for (std::uint64_t element = 0; element < count; element += lanes()) {
    const Doubles sum = hn::Load(F64(), sums.products + element);
    Doubles value = quotient.by_weights()
                        ? quotient.over_weights(sum, hn::Load(F64(), sums.weights + element))
                        : quotient.over_constant(sum);
    if (sums.untouched != nullptr) {
      const Doubles mark = hn::Load(F64(), sums.untouched + element);
      value = hn::IfNegativeThenElse(mark, quotient.untouched(), value);
    }
    hn::Store(value, F64(), sums.products + element);
  }
}

/// One block of every part's entries, dropped ones +0.
struct Ballots {
  std::span<const Row> rows;
  const double* weights;

  HWY_INLINE Doubles entry(std::size_t part, std::uint64_t element) const {
    return hn::Load(F64(), rows[part].data() + element);
  }
  HWY_INLINE Doubles product(std::size_t part, Doubles entry) const {
    return hn::Mul(entry, hn::Set(F64(), weights[part]));
  }
  template <bool weighted_votes>
  HWY_INLINE Doubles vote(std::size_t part, std::uint64_t element) const {
    return weighted_votes ? product(part, entry(part, element)) : entry(part, element);
  }
};

template <bool weighted_votes>
HWY_INLINE Doubles sum_of_votes(const Ballots& ballots, std::uint64_t element) {
  Doubles sum = nothing();
  for (std::size_t i = 0; i < ballots.rows.size(); ++i) {
    sum = hn::Add(sum, ballots.vote<weighted_votes>(i, element));
  }
  return sum;
}

/// The quotients of the entries whose votes have the elected sign.
template <bool weighted_votes>
void elect(const Ballots& ballots, double tie_sign, const ContributionQuotient& quotient, double* quotients,
           std::uint64_t count) {
  const Doubles zero = hn::Zero(F64());
  const Doubles sign_bit = hn::Set(F64(), -0.0);
  const Doubles tie = hn::And(hn::Set(F64(), tie_sign), sign_bit);
  for (std::uint64_t element = 0; element < count; element += lanes()) {
    const Doubles votes = sum_of_votes<weighted_votes>(ballots, element);
    const Doubles elected = hn::IfThenElse(hn::Eq(votes, zero), tie, hn::And(votes, sign_bit));
    Doubles sum = nothing();
    Doubles weights = nothing();
    auto untouched = hn::Eq(zero, zero);
    for (std::size_t i = 0; i < ballots.rows.size(); ++i) {
      const Doubles entry = ballots.entry(i, element);
      const Doubles product = ballots.product(i, entry);
      const auto agrees = hn::Gt(hn::Xor(weighted_votes ? product : entry, elected), zero);
      sum = hn::Add(sum, hn::IfThenElse(agrees, product, nothing()));
      if (quotient.by_weights()) {
        const Doubles weight = hn::Set(F64(), ballots.weights[i]);
        weights = hn::Add(weights, hn::IfThenElse(agrees, weight, nothing()));
      }
      if (quotient.marks_untouched()) untouched = hn::AndNot(agrees, untouched);
    }
    Doubles value = quotient.by_weights() ? quotient.over_weights(sum, weights) : quotient.over_constant(sum);
    if (quotient.marks_untouched()) value = hn::IfThenElse(untouched, quotient.untouched(), value);
    hn::Store(hn::IfThenElse(hn::IsNaN(votes), votes, value), F64(), quotients + element);
  }
}

/// Positive sums of entries minus negative ones.
inline std::int64_t balance_of(const Ballots& ballots, std::uint64_t count) {
  const Doubles zero = hn::Zero(F64());
  std::uint64_t positive = 0;
  std::uint64_t negative = 0;
  for (std::uint64_t element = 0; element < count; element += lanes()) {
    const Doubles sum = sum_of_votes<false>(ballots, element);
    positive += hn::CountTrue(F64(), hn::Gt(sum, zero));
    negative += hn::CountTrue(F64(), hn::Lt(sum, zero));
  }
  return static_cast<std::int64_t>(positive) - static_cast<std::int64_t>(negative);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
