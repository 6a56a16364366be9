// Keys and bracket counts over groups of elements. Included once per instruction set.
#if defined(STOCKPOT_KERNEL_SELECTION_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STOCKPOT_KERNEL_SELECTION_INL_HPP
#undef STOCKPOT_KERNEL_SELECTION_INL_HPP
#else
#define STOCKPOT_KERNEL_SELECTION_INL_HPP
#endif

#include <hwy/highway.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include "kernel/cpu/blocks-inl.hpp"
#include "stockpot/kernel/selection.hpp"

HWY_BEFORE_NAMESPACE();
namespace stockpot::kernel::cpu {
namespace HWY_NAMESPACE {

HWY_INLINE Quad absolute(Quad x) {
  return {hn::Abs(x.a), hn::Abs(x.b), hn::Abs(x.c), hn::Abs(x.d)};
}
HWY_INLINE Quad square(Quad x) {
  return {hn::Mul(x.a, x.a), hn::Mul(x.b, x.b), hn::Mul(x.c, x.c), hn::Mul(x.d, x.d)};
}

/// |x - b|, or |x| without an anchor, of one block.
template <class In>
void magnitude_block(const std::byte* data, const double* anchor, double* keys, std::uint64_t count) {
  const std::size_t group = group_elements();
  for (std::uint64_t element = 0; element < count; element += group) {
    Quad x = In::load(data + element * In::bytes);
    if (anchor != nullptr) x = subtract(x, load_doubles(anchor + element));
    store_doubles(absolute(x), keys + element);
  }
}

/// Sums of squared distances from the mean over rows of differences, of one group.
HWY_INLINE Quad squared_deviations(std::span<const Row> rows, std::uint64_t element, double divisor) {
  Quad sum = load_doubles(rows[0].data() + element);
  for (std::size_t i = 1; i < rows.size(); ++i) sum = add(sum, load_doubles(rows[i].data() + element));
  const Quad mean = divide(sum, divisor);
  Quad squares = square(subtract(load_doubles(rows[0].data() + element), mean));
  for (std::size_t i = 1; i < rows.size(); ++i) {
    squares = add(squares, square(subtract(load_doubles(rows[i].data() + element), mean)));
  }
  return squares;
}

/// Population variances over rows of differences.
inline void variance_block(std::span<const Row> rows, double* keys, std::uint64_t count) {
  const std::size_t group = group_elements();
  const auto divisor = static_cast<double>(rows.size());
  for (std::uint64_t element = 0; element < count; element += group) {
    store_doubles(divide(squared_deviations(rows, element, divisor), divisor), keys + element);
  }
}

/// The smallest number whose rounded quotient by `divisor` is not below `least`: comparing with it spares a
/// division for each element.
inline double least_dividend(double least, double divisor) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double sum = least * divisor;
  while (sum / divisor < least) sum = std::nextafter(sum, infinity);
  for (double lower = sum; lower / divisor >= least; lower = std::nextafter(lower, -infinity)) sum = lower;
  return sum;
}

/// Lanes that are not below the bound, as bits.
HWY_INLINE std::uint64_t lanes_not_below(Doubles values, Doubles least) {
  std::uint64_t bits = 0;
  hn::StoreMaskBits(F64(), hn::Not(hn::Lt(values, least)), reinterpret_cast<std::uint8_t*>(&bits));
  return bits;
}

/// One bit per element, set where the sum of squared deviations is not below `least`. `count` is a multiple
/// of 64.
inline void variance_bits(std::span<const Row> rows, double least, std::uint64_t* bits, std::uint64_t count) {
  const std::size_t group = group_elements();
  const auto divisor = static_cast<double>(rows.size());
  const Doubles bound = hn::Set(F64(), least);
  for (std::uint64_t first = 0; first < count; first += 64) {
    std::uint64_t word = 0;
    for (std::size_t at = 0; at < 64; at += group) {
      const Quad squares = squared_deviations(rows, first + at, divisor);
      word |= lanes_not_below(squares.a, bound) << at;
      word |= lanes_not_below(squares.b, bound) << (at + lanes());
      word |= lanes_not_below(squares.c, bound) << (at + 2 * lanes());
      word |= lanes_not_below(squares.d, bound) << (at + 3 * lanes());
    }
    bits[first / 64] = word;
  }
}

/// Counts vectors of keys and appends those inside to the candidates.
class BracketCounter {
 public:
  BracketCounter(Bracket bracket, double* candidates)
      : low_(hn::Set(F64(), bracket.low)), high_(hn::Set(F64(), bracket.high)), candidates_(candidates) {}

  HWY_INLINE void count(const double* keys) {
    const Doubles key = hn::LoadU(F64(), keys);
    below_ += hn::CountTrue(F64(), hn::Lt(key, low_));
    const auto inside = hn::And(hn::Ge(key, low_), hn::Le(key, high_));
    if (candidates_ == nullptr) {
      inside_ += hn::CountTrue(F64(), inside);
    } else if (!hn::AllFalse(F64(), inside)) {
      append(keys, inside);
    }
  }
  [[nodiscard]] BracketCount counts() const { return {below_, inside_}; }

 private:
  /// Every key is written, the next one over it unless it counts: no branch, and room for all keys is enough.
  /// Highway's Compress copies its table of permutations at every call on some instruction sets.
  HWY_INLINE void append(const double* keys, hn::Mask<F64> inside) {
    std::array<std::uint8_t, 8> bits{};
    hn::StoreMaskBits(F64(), inside, bits.data());
    for (std::size_t lane = 0; lane < lanes(); ++lane) {
      candidates_[inside_] = keys[lane];
      inside_ += (bits[0] >> lane) & 1u;
    }
  }

  Doubles low_;
  Doubles high_;
  double* candidates_;
  std::uint64_t below_ = 0;
  std::uint64_t inside_ = 0;
};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
