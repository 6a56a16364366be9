// Keys and bracket counts over groups of elements. Included once per instruction set.
#if defined(STOCKPOT_KERNEL_SELECTION_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STOCKPOT_KERNEL_SELECTION_INL_HPP
#undef STOCKPOT_KERNEL_SELECTION_INL_HPP
#else
#define STOCKPOT_KERNEL_SELECTION_INL_HPP
#endif

#include <hwy/highway.h>

#include <array>
#include <cstdint>
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

/// Population variances over rows of differences.
inline void variance_block(std::span<const Row> rows, double* keys, std::uint64_t count) {
  const std::size_t group = group_elements();
  const auto divisor = static_cast<double>(rows.size());
  for (std::uint64_t element = 0; element < count; element += group) {
    Quad sum = load_doubles(rows[0].data() + element);
    for (std::size_t i = 1; i < rows.size(); ++i) sum = add(sum, load_doubles(rows[i].data() + element));
    const Quad mean = divide(sum, divisor);
    Quad squares = square(subtract(load_doubles(rows[0].data() + element), mean));
    for (std::size_t i = 1; i < rows.size(); ++i) {
      squares = add(squares, square(subtract(load_doubles(rows[i].data() + element), mean)));
    }
    store_doubles(divide(squares, divisor), keys + element);
  }
}

/// One bit for each of 64 keys.
HWY_INLINE std::uint64_t word_not_below(const double* keys, double least) {
  const Doubles bound = hn::Set(F64(), least);
  std::uint64_t word = 0;
  for (std::size_t at = 0; at < 64; at += lanes()) {
    std::uint64_t bits = 0;
    const auto below = hn::Lt(hn::LoadU(F64(), keys + at), bound);
    hn::StoreMaskBits(F64(), hn::Not(below), reinterpret_cast<std::uint8_t*>(&bits));
    word |= bits << at;
  }
  return word;
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
