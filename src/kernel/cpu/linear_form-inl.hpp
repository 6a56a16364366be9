// The linear form over groups of elements. Included once per instruction set.
#if defined(STOCKPOT_KERNEL_LINEAR_FORM_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STOCKPOT_KERNEL_LINEAR_FORM_INL_HPP
#undef STOCKPOT_KERNEL_LINEAR_FORM_INL_HPP
#else
#define STOCKPOT_KERNEL_LINEAR_FORM_INL_HPP
#endif

#include <hwy/highway.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "kernel/cpu/formats-inl.hpp"
#include "kernel/kernel_table.hpp"

HWY_BEFORE_NAMESPACE();
namespace stockpot::kernel::cpu {
namespace HWY_NAMESPACE {

HWY_INLINE Quad add(Quad x, Quad y) {
  return {hn::Add(x.a, y.a), hn::Add(x.b, y.b), hn::Add(x.c, y.c), hn::Add(x.d, y.d)};
}
HWY_INLINE Quad subtract(Quad x, Quad y) {
  return {hn::Sub(x.a, y.a), hn::Sub(x.b, y.b), hn::Sub(x.c, y.c), hn::Sub(x.d, y.d)};
}
HWY_INLINE Quad multiply(Quad x, double factor) {
  const Doubles f = hn::Set(F64(), factor);
  return {hn::Mul(x.a, f), hn::Mul(x.b, f), hn::Mul(x.c, f), hn::Mul(x.d, f)};
}
HWY_INLINE Quad divide(Quad x, double divisor) {
  const Doubles f = hn::Set(F64(), divisor);
  return {hn::Div(x.a, f), hn::Div(x.b, f), hn::Div(x.c, f), hn::Div(x.d, f)};
}
/// Multiplying by 1 changes no bit of a number.
HWY_INLINE Quad weighted(Quad x, double weight) {
  return weight == 1.0 ? x : multiply(x, weight);
}
HWY_INLINE Quad load_doubles(const double* values) {
  return Float64::load(reinterpret_cast<const std::byte*>(values));
}
HWY_INLINE void store_doubles(Quad value, double* values) {
  Float64::write(value, reinterpret_cast<std::byte*>(values));
}

/// Division by a form's divisor. With a power of two the product with its reciprocal is the quotient.
struct Quotient {
  bool divides = false;
  double divisor = 1.0;
  double reciprocal = 1.0;

  Quotient() = default;
  explicit Quotient(const std::optional<double>& optional_divisor) : divisor(optional_divisor.value_or(1.0)) {
    int exponent = 0;
    const bool power_of_two = std::abs(std::frexp(divisor, &exponent)) == 0.5;
    if (power_of_two && std::isnormal(1.0 / divisor)) {
      reciprocal = 1.0 / divisor;
    } else {
      divides = true;
    }
  }
};
HWY_INLINE Quad quotient_of(Quad sum, const Quotient& quotient) {
  return quotient.divides ? divide(sum, quotient.divisor) : weighted(sum, quotient.reciprocal);
}

// In what follows `count` is whole groups, and arrays of doubles hold a group's elements in its format's
// order.

template <class In>
void widen(const std::byte* data, double* values, std::uint64_t count) {
  const std::size_t group = group_elements();
  for (std::uint64_t done = 0; done < count; done += group) {
    store_doubles(In::load(data + done * In::bytes), values + done);
  }
}

/// A run of models stored as one type, at the element where a block begins.
struct Models {
  const TypedInput* inputs = nullptr;
  const double* weights = nullptr;
  std::size_t count = 0;
  std::uint64_t begin = 0;
  bool starts_sum = true;  ///< else it goes on from what `sums` holds
};

template <class In, bool task_vectors>
HWY_INLINE Quad term(const Models& models, std::size_t model, std::uint64_t element, Quad anchor) {
  Quad y = In::load(models.inputs[model].data + (models.begin + element) * In::bytes);
  if constexpr (task_vectors) y = subtract(y, anchor);
  return multiply(y, models.weights[model]);
}

template <class In, bool task_vectors>
HWY_INLINE void sum_block(const Models& models, const double* anchor, const Quotient& quotient, double* sums,
                          std::uint64_t count) {
  const std::size_t group = group_elements();
  const Doubles zero = hn::Zero(F64());
  for (std::uint64_t element = 0; element < count; element += group) {
    Quad b{zero, zero, zero, zero};
    if constexpr (task_vectors) b = load_doubles(anchor + element);
    std::size_t model = 0;
    Quad sum;
    if (models.starts_sum) {
      sum = term<In, task_vectors>(models, model++, element, b);
    } else {
      sum = load_doubles(sums + element);
    }
    for (; model < models.count; ++model) sum = add(sum, term<In, task_vectors>(models, model, element, b));
    store_doubles(quotient_of(sum, quotient), sums + element);
  }
}

/// Quotients of the sums of weight * x, or of weight * (x - anchor) where `anchor` is given. Division belongs
/// to this pass and not to the next because here the divider works beside units that would be as busy without
/// it.
template <class In>
void sum_models(const Models& models, const double* anchor, const Quotient& quotient, double* sums,
                std::uint64_t count) {
  if (anchor == nullptr) {
    sum_block<In, false>(models, anchor, quotient, sums, count);
  } else {
    sum_block<In, true>(models, anchor, quotient, sums, count);
  }
}

inline void divide_sums(const double* sums, const Quotient& quotient, double* quotients,
                        std::uint64_t count) {
  const std::size_t group = group_elements();
  for (std::uint64_t element = 0; element < count; element += group) {
    store_doubles(quotient_of(load_doubles(sums + element), quotient), quotients + element);
  }
}

/// scale * quotient + anchor_weight * b, rounded into `output`; groups with a value that is not finite by the
/// reference. Returns how many are not.
template <class Out>
std::uint64_t finish(const LinearForm& form, const double* quotients, const double* anchor, std::byte* output,
                     std::uint64_t count) {
  const std::size_t group = group_elements();
  const bool anchors = form.anchor_weight.has_value();
  const double scale = form.scale;
  const double anchor_weight = form.anchor_weight.value_or(0.0);
  std::uint64_t nonfinite = 0;
  for (std::uint64_t element = 0; element < count; element += group) {
    Quad value = weighted(load_doubles(quotients + element), scale);
    if (anchors) value = add(value, weighted(load_doubles(anchor + element), anchor_weight));
    std::byte* const target = output + element * Out::bytes;
    if (HWY_LIKELY(Out::store(value, target))) continue;
    for (std::size_t i = 0; i < group; ++i) {
      const double b = anchors ? anchor[element + i] : 0.0;
      nonfinite += reference::finish(form, quotients[element + i], b, {Out::dtype, target}, Out::position(i));
    }
  }
  return nonfinite;
}

/// Elements of integer type `Tag` whose magnitude, bits without the sign, is at least `special`.
template <class Tag>
std::uint64_t count_special(const std::byte* data, std::uint64_t count, hn::TFromD<Tag> special) {
  const Tag tag;
  using Integer = hn::TFromD<Tag>;
  const auto mask = hn::Set(tag, std::numeric_limits<Integer>::max());
  const auto last_finite = hn::Set(tag, static_cast<Integer>(special - 1));
  std::uint64_t found = 0;
  for (std::uint64_t done = 0; done < count; done += hn::Lanes(tag)) {
    const auto magnitude = hn::And(load_unaligned(tag, data + done * sizeof(Integer)), mask);
    found += hn::CountTrue(tag, hn::Gt(magnitude, last_finite));
  }
  return found;
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
