// Philox4x32-10 for many blocks at once. Included once per instruction set.
#if defined(STOCKPOT_KERNEL_RANDOM_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STOCKPOT_KERNEL_RANDOM_INL_HPP
#undef STOCKPOT_KERNEL_RANDOM_INL_HPP
#else
#define STOCKPOT_KERNEL_RANDOM_INL_HPP
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/cpu/formats-inl.hpp"
#include "kernel/philox.hpp"
#include "stockpot/kernel/random.hpp"

HWY_BEFORE_NAMESPACE();
namespace stockpot::kernel::cpu {
namespace HWY_NAMESPACE {

using RandomWords = hn::Repartition<std::uint32_t, U64>;
using Wide = hn::Vec<U64>;

/// Elements made at a time, one integer of keep bits.
inline constexpr std::size_t batch_elements = 64;
/// Elements of one vector of blocks, a block for each 64-bit lane.
inline constexpr std::size_t vector_elements = 4 * hn::MaxLanes(U64());
/// Vectors of blocks in the works at once, so that one's multiplications hide another's latency.
inline constexpr std::size_t chains = 2;

/// Blocks in the middle of the rounds: a word of each in the lower halves of a vector's lanes. The upper
/// halves are anything.
struct PhiloxState {
  Wide a, b, c, d;
};

/// Four words of each block, in order of elements.
struct OrderedWords {
  hn::Vec<RandomWords> first, second;
};

class Philox {
 public:
  explicit Philox(RandomKey key) : stream_(key.stream) {
    std::array<std::uint32_t, 2> round_key{low_half(key.key), high_half(key.key)};
    for (auto& keys : keys_) {
      keys = {round_key[0], round_key[1]};
      for (std::size_t i = 0; i < 2; ++i) round_key[i] += philox_key_steps[i];
    }
    // Interleaving pairs of vectors later takes even lanes for the first half of the blocks.
    const std::size_t half = hn::MaxLanes(U64()) / 2;
    for (std::size_t i = 0; i < half; ++i) {
      lane_blocks_[2 * i] = i;
      lane_blocks_[2 * i + 1] = half + i;
    }
  }

  /// Words of `chains` vectors of blocks from `block` on.
  HWY_INLINE void generate(std::uint64_t block, OrderedWords (&words)[chains]) const {
    PhiloxState states[chains];
    for (std::size_t i = 0; i < chains; ++i) {
      const Wide first = hn::Set(U64(), block + i * hn::MaxLanes(U64()));
      const Wide blocks = hn::Add(first, hn::Load(U64(), lane_blocks_.data()));
      states[i] = {blocks, hn::ShiftRight<32>(blocks), hn::Set(U64(), stream_),
                   hn::Set(U64(), stream_ >> 32)};
    }
    for (std::size_t done = 0; done < keys_.size(); done += 2) {
      for (PhiloxState& state : states) state = round(round(state, keys_[done]), keys_[done + 1]);
    }
    for (std::size_t i = 0; i < chains; ++i) words[i] = ordered(states[i]);
  }

 private:
  static HWY_INLINE Wide product(Wide words, std::uint32_t factor) {
    return hn::MulEven(hn::BitCast(RandomWords(), words), hn::Set(RandomWords(), factor));
  }
  static HWY_INLINE PhiloxState round(PhiloxState state, const std::array<std::uint64_t, 2>& keys) {
    const Wide first = product(state.a, philox_multipliers[0]);
    const Wide second = product(state.c, philox_multipliers[1]);
    return {hn::Xor3(hn::ShiftRight<32>(second), state.b, hn::Set(U64(), keys[0])), second,
            hn::Xor3(hn::ShiftRight<32>(first), state.d, hn::Set(U64(), keys[1])), first};
  }
  static HWY_INLINE Wide together(Wide even, Wide odd) {
    const Wide upper = hn::ShiftLeft<32>(odd);
    return hn::BitCast(U64(),
                       hn::OddEven(hn::BitCast(RandomWords(), upper), hn::BitCast(RandomWords(), even)));
  }
  static HWY_INLINE OrderedWords ordered(PhiloxState state) {
    const Wide ab = together(state.a, state.b);
    const Wide cd = together(state.c, state.d);
    return {hn::BitCast(RandomWords(), hn::InterleaveLower(U64(), ab, cd)),
            hn::BitCast(RandomWords(), hn::InterleaveUpper(U64(), ab, cd))};
  }

  std::uint64_t stream_;
  std::array<std::array<std::uint64_t, 2>, philox_rounds> keys_;
  alignas(64) std::array<std::uint64_t, hn::MaxLanes(U64())> lane_blocks_;
};

/// Words of the batch that starts with `block`.
HWY_INLINE void write_batch(const Philox& philox, std::uint64_t block, std::uint32_t* words) {
  OrderedWords made[chains];
  for (std::size_t done = 0; done < batch_elements; done += chains * vector_elements) {
    philox.generate(block + done / 4, made);
    for (std::size_t i = 0; i < chains; ++i) {
      std::uint32_t* const target = words + done + i * vector_elements;
      hn::StoreU(made[i].first, RandomWords(), target);
      hn::StoreU(made[i].second, RandomWords(), target + vector_elements / 2);
    }
  }
}

void random_words(RandomKey key, std::uint64_t first_element, std::span<std::uint32_t> words) {
  const Philox philox(key);
  std::uint64_t block = first_element / 4;
  std::size_t skipped = first_element % 4;
  std::size_t done = 0;
  while (done < words.size()) {
    const std::size_t size = std::min(batch_elements - skipped, words.size() - done);
    if (size == batch_elements) {
      write_batch(philox, block, words.data() + done);
    } else {
      std::array<std::uint32_t, batch_elements> batch;
      write_batch(philox, block, batch.data());
      std::copy_n(batch.begin() + static_cast<std::ptrdiff_t>(skipped), size, words.data() + done);
    }
    done += size;
    block += batch_elements / 4;
    skipped = 0;
  }
}

/// Bit i is set where word i is below `threshold`.
HWY_INLINE std::uint64_t below(hn::Vec<RandomWords> words, hn::Vec<RandomWords> threshold) {
  std::uint64_t bits = 0;
  hn::StoreMaskBits(RandomWords(), hn::Gt(threshold, words), reinterpret_cast<std::uint8_t*>(&bits));
  return bits;
}

/// Keep bits of the batch that starts with `block`.
HWY_INLINE std::uint64_t keep_batch(const Philox& philox, std::uint64_t block,
                                    hn::Vec<RandomWords> threshold) {
  std::uint64_t bits = 0;
  OrderedWords made[chains];
  for (std::size_t done = 0; done < batch_elements; done += chains * vector_elements) {
    philox.generate(block + done / 4, made);
    for (std::size_t i = 0; i < chains; ++i) {
      const std::size_t at = done + i * vector_elements;
      bits |= below(made[i].first, threshold) << at;
      bits |= below(made[i].second, threshold) << (at + vector_elements / 2);
    }
  }
  return bits;
}

void random_keep_bits(RandomKey key, std::uint64_t first_element, std::uint64_t count,
                      std::uint64_t threshold, std::uint64_t* bits) {
  if (count == 0) return;
  const std::uint64_t integers = (count - 1) / 64 + 1;
  if (threshold >> 32 != 0) {
    std::fill_n(bits, integers, ~std::uint64_t{0});
  } else {
    const Philox philox(key);
    const auto below_this = hn::Set(RandomWords(), low_half(threshold));
    const unsigned skipped = first_element % 4;
    std::uint64_t block = first_element / 4;
    std::uint64_t batch = keep_batch(philox, block, below_this);
    for (std::uint64_t i = 0; i < integers; ++i) {
      bits[i] = batch >> skipped;
      if (i + 1 == integers && skipped == 0) break;
      block += batch_elements / 4;
      batch = keep_batch(philox, block, below_this);
      if (skipped != 0) bits[i] |= batch << (64 - skipped);
    }
  }
  if (count % 64 != 0) bits[integers - 1] &= (std::uint64_t{1} << (count % 64)) - 1;
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
