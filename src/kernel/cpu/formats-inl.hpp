// Reading and writing groups of elements, per element type. Included once per instruction set.
#if defined(STOCKPOT_KERNEL_FORMATS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STOCKPOT_KERNEL_FORMATS_INL_HPP
#undef STOCKPOT_KERNEL_FORMATS_INL_HPP
#else
#define STOCKPOT_KERNEL_FORMATS_INL_HPP
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <limits>

#include "stockpot/tensor/dtype.hpp"

// Highway's conversion between float and half is the processor's own only with F16C.
#if (HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL) && \
    !defined(HWY_DISABLE_F16C)
#define STOCKPOT_NATIVE_F16 1
#else
#define STOCKPOT_NATIVE_F16 0
#endif

HWY_BEFORE_NAMESPACE();
namespace stockpot::kernel::cpu {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using F64 = hn::ScalableTag<double>;
using U64 = hn::RebindToUnsigned<F64>;
using F32 = hn::Rebind<float, F64>;  // as many lanes as F64, like all that follow
using U32 = hn::Rebind<std::uint32_t, F64>;
using I32 = hn::Rebind<std::int32_t, F64>;
using U16 = hn::Rebind<std::uint16_t, F64>;
using U8 = hn::Rebind<std::uint8_t, F64>;
using Doubles = hn::Vec<F64>;
using Floats = hn::Vec<F32>;
using Words = hn::Vec<U32>;

/// The unit of work: four vectors of doubles.
struct Quad {
  Doubles a, b, c, d;
};

HWY_INLINE std::size_t lanes() {
  return hn::Lanes(F64());
}
HWY_INLINE std::size_t group_elements() {
  return 4 * lanes();
}

/// Lanes of `Tag` from an address of any alignment.
template <class Tag>
HWY_INLINE hn::Vec<Tag> load_unaligned(Tag tag, const std::byte* data) {
  const hn::Repartition<std::uint8_t, Tag> bytes;
  return hn::BitCast(tag, hn::LoadU(bytes, reinterpret_cast<const std::uint8_t*>(data)));
}
template <class Tag>
HWY_INLINE void store_unaligned(Tag tag, hn::Vec<Tag> value, std::byte* data) {
  const hn::Repartition<std::uint8_t, Tag> bytes;
  hn::StoreU(hn::BitCast(bytes, value), bytes, reinterpret_cast<std::uint8_t*>(data));
}

/// Value of small floats whose magnitude bits stand at their place in a float, the exponent field still the
/// small format's own, `bias_difference` below a float's. No subnormal float takes part: those are slow. A
/// magnitude of at least `first_special` is infinite or NaN.
HWY_INLINE Floats rebiased(Words magnitude, Words sign, std::uint32_t bias_difference,
                           std::uint32_t first_special) {
  const std::uint32_t one_exponent = 1u << 23;
  const std::uint32_t offset = bias_difference << 23;
  const Words normal = hn::Add(magnitude, hn::Set(U32(), offset));
  // A subnormal's fraction, added to the smallest normal number and that taken away again.
  const Words smallest_normal = hn::Set(U32(), offset + one_exponent);
  const Floats subnormal =
      hn::Sub(hn::BitCast(F32(), hn::Add(magnitude, smallest_normal)), hn::BitCast(F32(), smallest_normal));
  const auto signed_magnitude = hn::BitCast(I32(), magnitude);
  const auto is_normal =
      hn::Gt(signed_magnitude, hn::Set(I32(), static_cast<std::int32_t>(one_exponent - 1)));
  const auto special = hn::Gt(signed_magnitude, hn::Set(I32(), static_cast<std::int32_t>(first_special - 1)));
  const Words finite =
      hn::IfThenElse(hn::RebindMask(U32(), is_normal), normal, hn::BitCast(U32(), subnormal));
  const Words exponent = hn::IfThenElseZero(hn::RebindMask(U32(), special), hn::Set(U32(), 0x7f800000u));
  return hn::BitCast(F32(), hn::Or(hn::Or(finite, exponent), sign));
}

template <int position>
HWY_INLINE Words sign_to_top(Words bits) {
  return hn::And(hn::ShiftLeft<31 - position>(bits), hn::Set(U32(), 0x80000000u));
}

HWY_INLINE Words magnitude_bits(Floats value) {
  return hn::And(hn::BitCast(U32(), value), hn::Set(U32(), 0x7fffffffu));
}
/// True if the magnitudes of four vectors of floats, read as integers, are all in [first, end).
HWY_INLINE bool all_within(Floats a, Floats b, Floats c, Floats d, std::uint32_t first, std::uint32_t end) {
  const Words lowest = hn::Set(U32(), first);
  const Words ab = hn::Max(hn::Sub(magnitude_bits(a), lowest), hn::Sub(magnitude_bits(b), lowest));
  const Words cd = hn::Max(hn::Sub(magnitude_bits(c), lowest), hn::Sub(magnitude_bits(d), lowest));
  const Words largest = hn::Max(ab, cd);
  const Words last = hn::Set(U32(), end - first - 1);
  return hn::AllTrue(U32(), hn::Eq(hn::Max(largest, last), last));
}

/// As float, rounded to odd: cut off, and the last bit set if anything was lost, so that rounding again to
/// fewer bits is one rounding of `value`. In the range of normal floats; below it, nonzero stays near zero.
HWY_INLINE Floats rounded_to_odd(Doubles value) {
  const auto lost_mask = hn::Set(U64(), (std::uint64_t{1} << 29) - 1);
  const auto bits = hn::BitCast(U64(), value);
  const auto carry = hn::Add(hn::And(bits, lost_mask), lost_mask);  // bit 29 is set if a bit below it was
  return hn::DemoteTo(F32(), hn::BitCast(F64(), hn::AndNot(lost_mask, hn::Or(bits, carry))));
}

/// Rounds to a format with p fraction bits, to nearest, ties to even; `factor` is 1.5 * 2^(52 - p),
/// `smallest` is that times the smallest normal number of the format. Adding 1.5 * 2^(exponent + 52 - p)
/// leaves no bits below the last one wanted, and taking it away again is exact; the lower bound of the addend
/// does the same for subnormals. The sign of a result that became zero is put back. Infinities and numbers
/// near the largest double become NaN, which the caller treats like any other value out of range.
HWY_INLINE Doubles rounded(Doubles value, double factor, double smallest) {
  const Doubles exponent_mask = hn::BitCast(F64(), hn::Set(U64(), std::uint64_t{0x7ff0000000000000}));
  const Doubles sign_mask = hn::BitCast(F64(), hn::Set(U64(), std::uint64_t{0x8000000000000000}));
  const Doubles power = hn::And(value, exponent_mask);
  const Doubles addend = hn::Max(hn::Mul(power, hn::Set(F64(), factor)), hn::Set(F64(), smallest));
  const Doubles magnitude = hn::Sub(hn::Add(value, addend), addend);
  return hn::Or(magnitude, hn::And(value, sign_mask));
}

/// Each format below: `load` reads one group, `store` rounds and writes one group. `store` returns false when
/// a value is infinite or NaN after rounding; what it then wrote is to be written again by the reference. A
/// format derived from VectorWise states how one vector is read.
template <class Format>
struct VectorWise {
  static HWY_INLINE std::size_t position(std::size_t i) { return i; }
  static HWY_INLINE Quad load(const std::byte* data) {
    const std::size_t step = lanes() * Format::bytes;
    return {Format::load_vector(data), Format::load_vector(data + step), Format::load_vector(data + 2 * step),
            Format::load_vector(data + 3 * step)};
  }
};

struct Float64 : VectorWise<Float64> {
  static constexpr DType dtype = DType::f64;
  static constexpr std::size_t bytes = 8;
  static HWY_INLINE Doubles load_vector(const std::byte* data) { return load_unaligned(F64(), data); }

  static HWY_INLINE void write(Quad value, std::byte* data) {
    const std::size_t step = lanes() * bytes;
    store_unaligned(F64(), value.a, data);
    store_unaligned(F64(), value.b, data + step);
    store_unaligned(F64(), value.c, data + 2 * step);
    store_unaligned(F64(), value.d, data + 3 * step);
  }
  static HWY_INLINE bool store(Quad value, std::byte* data) {
    write(value, data);
    const Doubles infinity = hn::Set(F64(), std::numeric_limits<double>::infinity());
    const auto ab = hn::And(hn::Lt(hn::Abs(value.a), infinity), hn::Lt(hn::Abs(value.b), infinity));
    const auto cd = hn::And(hn::Lt(hn::Abs(value.c), infinity), hn::Lt(hn::Abs(value.d), infinity));
    return hn::AllTrue(F64(), hn::And(ab, cd));
  }
};

struct Float32 : VectorWise<Float32> {
  static constexpr DType dtype = DType::f32;
  static constexpr std::size_t bytes = 4;
  static HWY_INLINE Doubles load_vector(const std::byte* data) {
    return hn::PromoteTo(F64(), load_unaligned(F32(), data));
  }

  static HWY_INLINE bool store(Quad value, std::byte* data) {
    const std::size_t step = lanes() * bytes;
    const Floats a = hn::DemoteTo(F32(), value.a);
    const Floats b = hn::DemoteTo(F32(), value.b);
    const Floats c = hn::DemoteTo(F32(), value.c);
    const Floats d = hn::DemoteTo(F32(), value.d);
    store_unaligned(F32(), a, data);
    store_unaligned(F32(), b, data + step);
    store_unaligned(F32(), c, data + 2 * step);
    store_unaligned(F32(), d, data + 3 * step);
    return all_within(a, b, c, d, 0, 0x7f800000u);
  }
};

/// Words whose upper half is the bf16 nearest to a double of bf16's normal range.
HWY_INLINE Words normal_bfloat16(Doubles value) {
  const Words bits = hn::BitCast(U32(), rounded_to_odd(value));
  const Words last_kept = hn::And(hn::ShiftRight<16>(bits), hn::Set(U32(), 1));
  return hn::Add(bits, hn::Add(last_kept, hn::Set(U32(), 0x7fffu)));
}
/// The same for every finite double; the lower halves are zero.
HWY_INLINE Words any_bfloat16(Doubles value) {
  return hn::BitCast(U32(), hn::DemoteTo(F32(), rounded(value, 0x1.8p45, 0x1.8p-81)));
}
/// Two vectors' upper halves in one: `even` in the lower halves of the result's words, `odd` in the upper
/// ones.
HWY_INLINE Words halves_together(Words even, Words odd) {
  const Words upper = hn::And(odd, hn::Set(U32(), 0xffff0000u));
  return hn::Or(hn::ShiftRight<16>(even), upper);
}
/// True if the magnitudes of all bf16 in two vectors of pairs are in [first, infinity).
HWY_INLINE bool finite_from(Words x, Words y, std::uint16_t first) {
  const hn::Repartition<std::uint16_t, U32> halves;
  const auto magnitude = hn::Set(halves, std::uint16_t{0x7fff});
  const auto lowest = hn::Set(halves, first);
  const auto last = hn::Set(halves, static_cast<std::uint16_t>(0x7f7f - first));
  const auto above_x = hn::Sub(hn::And(hn::BitCast(halves, x), magnitude), lowest);
  const auto above_y = hn::Sub(hn::And(hn::BitCast(halves, y), magnitude), lowest);
  return hn::AllTrue(halves, hn::Eq(hn::Max(hn::Max(above_x, above_y), last), last));
}

/// Rounds a group and hands pairs of vectors to `Format::write`: the quick way, or else, if a result is not
/// well inside the normal range, the one for everything. There a value that is not finite has overflowed in
/// the quick way too, into an exponent field of all ones or, by a carry, of zeros. The smallest normal
/// magnitude 0x0080 counts as outside: a subnormal may have been rounded to it twice.
template <class Format>
HWY_INLINE bool store_bfloat16(Quad value, std::byte* data) {
  const Words ab = halves_together(normal_bfloat16(value.a), normal_bfloat16(value.b));
  const Words cd = halves_together(normal_bfloat16(value.c), normal_bfloat16(value.d));
  Format::write(ab, cd, data);
  if (HWY_LIKELY(finite_from(ab, cd, 0x0081))) return true;
  const Words any_ab = halves_together(any_bfloat16(value.a), any_bfloat16(value.b));
  const Words any_cd = halves_together(any_bfloat16(value.c), any_bfloat16(value.d));
  Format::write(any_ab, any_cd, data);
  return finite_from(any_ab, any_cd, 0);
}

struct BFloat16 : VectorWise<BFloat16> {
  static constexpr DType dtype = DType::bf16;
  static constexpr std::size_t bytes = 2;
  static HWY_INLINE Doubles load_vector(const std::byte* data) {
    const Words words = hn::PromoteTo(U32(), load_unaligned(U16(), data));
    return hn::PromoteTo(F64(), hn::BitCast(F32(), hn::ShiftLeft<16>(words)));
  }

  /// `ab` holds elements of vector a in the lower halves of its words, those of b in the upper halves.
  static HWY_INLINE void write(Words ab, Words cd, std::byte* data) {
    const std::size_t step = lanes() * bytes;
    write_pair(ab, data);
    write_pair(cd, data + 2 * step);
  }
  static HWY_INLINE void write_pair(Words pair, std::byte* data) {
    const Words lower = hn::And(pair, hn::Set(U32(), 0xffffu));
    const Words upper = hn::ShiftRight<16>(pair);
    store_unaligned(U16(), hn::DemoteTo(U16(), hn::BitCast(I32(), lower)), data);
    store_unaligned(U16(), hn::DemoteTo(U16(), hn::BitCast(I32(), upper)), data + lanes() * bytes);
  }
  static HWY_INLINE bool store(Quad value, std::byte* data) { return store_bfloat16<BFloat16>(value, data); }
};

/// bf16 on both sides: elements with even index in one vector, with odd index in the next, so that widening
/// and narrowing need no shuffle. Groups hold the same elements as in the other formats, in another order.
struct PairedBFloat16 {
  static constexpr DType dtype = DType::bf16;
  static constexpr std::size_t bytes = 2;

  static HWY_INLINE std::size_t position(std::size_t i) {
    const std::size_t vector = i / lanes();
    return vector / 2 * (2 * lanes()) + 2 * (i % lanes()) + vector % 2;
  }

  static HWY_INLINE Doubles even(Words pairs) {
    return hn::PromoteTo(F64(), hn::BitCast(F32(), hn::ShiftLeft<16>(pairs)));
  }
  static HWY_INLINE Doubles odd(Words pairs) {
    return hn::PromoteTo(F64(), hn::BitCast(F32(), hn::And(pairs, hn::Set(U32(), 0xffff0000u))));
  }
  static HWY_INLINE Quad load(const std::byte* data) {
    const Words first = load_unaligned(U32(), data);
    const Words second = load_unaligned(U32(), data + lanes() * sizeof(std::uint32_t));
    return {even(first), odd(first), even(second), odd(second)};
  }

  static HWY_INLINE void write(Words ab, Words cd, std::byte* data) {
    store_unaligned(U32(), ab, data);
    store_unaligned(U32(), cd, data + lanes() * sizeof(std::uint32_t));
  }
  static HWY_INLINE bool store(Quad value, std::byte* data) {
    return store_bfloat16<PairedBFloat16>(value, data);
  }
};

struct Float16 : VectorWise<Float16> {
  static constexpr DType dtype = DType::f16;
  static constexpr std::size_t bytes = 2;
  using F16 = hn::Rebind<hwy::float16_t, F64>;

  static HWY_INLINE Doubles load_vector(const std::byte* data) {
#if STOCKPOT_NATIVE_F16
    const Floats value = hn::PromoteTo(F32(), hn::BitCast(F16(), load_unaligned(U16(), data)));
#else
    const Words words = hn::PromoteTo(U32(), load_unaligned(U16(), data));
    const Words magnitude = hn::ShiftLeft<13>(hn::And(words, hn::Set(U32(), 0x7fffu)));
    const Floats value = rebiased(magnitude, sign_to_top<15>(words), 112, 0x7c00u << 13);
#endif
    return hn::PromoteTo(F64(), value);
  }

  /// Natively `value` is rounded to odd, else it is a half already, or of magnitude 2^16 and more.
  static HWY_INLINE void store_vector(Floats value, std::byte* data) {
#if STOCKPOT_NATIVE_F16
    store_unaligned(U16(), hn::BitCast(U16(), hn::DemoteTo(F16(), value)), data);
#else
    const Words words = hn::BitCast(U32(), value);
    const Words sign = hn::And(hn::ShiftRight<16>(words), hn::Set(U32(), 0x8000u));
    const Floats magnitude = hn::Abs(value);
    const Words rebiased_words = hn::Sub(hn::BitCast(U32(), magnitude), hn::Set(U32(), 112u << 23));
    const Words normal = hn::ShiftRight<13>(rebiased_words);
    // In [0.5, 1) one unit in the last place of a float is the smallest subnormal half.
    const Floats shifted = hn::Add(magnitude, hn::Set(F32(), 0.5f));
    const Words subnormal = hn::Sub(hn::BitCast(U32(), shifted), hn::Set(U32(), 0x3f000000u));
    const auto is_normal = hn::RebindMask(U32(), hn::Ge(magnitude, hn::Set(F32(), 0x1p-14f)));
    const Words half = hn::Or(sign, hn::IfThenElse(is_normal, normal, subnormal));
    store_unaligned(U16(), hn::DemoteTo(U16(), hn::BitCast(I32(), half)), data);
#endif
  }
  static HWY_INLINE Floats narrowed(Doubles value) {
#if STOCKPOT_NATIVE_F16
    return rounded_to_odd(value);
#else
    return hn::DemoteTo(F32(), rounded(value, 0x1.8p42, 0x1.8p28));
#endif
  }
  static HWY_INLINE bool store(Quad value, std::byte* data) {
    const std::size_t step = lanes() * bytes;
    const Floats a = narrowed(value.a);
    const Floats b = narrowed(value.b);
    const Floats c = narrowed(value.c);
    const Floats d = narrowed(value.d);
    store_vector(a, data);
    store_vector(b, data + step);
    store_vector(c, data + 2 * step);
    store_vector(d, data + 3 * step);
    return all_within(a, b, c, d, 0, 0x477ff000u);  // 65520 rounds to infinity
  }
};

struct Float8E4M3 : VectorWise<Float8E4M3> {
  static constexpr DType dtype = DType::f8_e4m3;
  static constexpr std::size_t bytes = 1;
  static HWY_INLINE Doubles load_vector(const std::byte* data) {
    const Words words = hn::PromoteTo(U32(), load_unaligned(U8(), data));
    const Words magnitude = hn::ShiftLeft<20>(hn::And(words, hn::Set(U32(), 0x7fu)));
    return hn::PromoteTo(F64(), rebiased(magnitude, sign_to_top<7>(words), 120, 0x7fu << 20));
  }
};

struct Float8E5M2 : VectorWise<Float8E5M2> {
  static constexpr DType dtype = DType::f8_e5m2;
  static constexpr std::size_t bytes = 1;
  static HWY_INLINE Doubles load_vector(const std::byte* data) {
    const Words words = hn::PromoteTo(U32(), load_unaligned(U8(), data));
    const Words magnitude = hn::ShiftLeft<21>(hn::And(words, hn::Set(U32(), 0x7fu)));
    return hn::PromoteTo(F64(), rebiased(magnitude, sign_to_top<7>(words), 112, 0x7cu << 21));
  }
};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
