#include "stockpot/kernel/random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <stdexcept>

#include "stockpot/base/digest.hpp"
#include "unit/kernel/elements.hpp"

namespace stockpot::kernel {
namespace {

using testing::ElementsAre;

constexpr std::uint64_t all_kept = std::uint64_t{1} << 32;

/// Word of one element, from the statement.
std::uint32_t word_of(RandomKey key, std::uint64_t element) {
  const auto low = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
  const auto high = [](std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); };
  const std::uint64_t block = element / 4;
  return reference::philox4x32({low(block), high(block), low(key.stream), high(key.stream)},
                               {low(key.key), high(key.key)})[element % 4];
}

std::vector<std::uint32_t> words_of(RandomKey key, std::uint64_t first, std::size_t count) {
  std::vector<std::uint32_t> words(count);
  random_words(key, first, words);
  return words;
}

std::vector<std::uint64_t> keep_bits_of(RandomKey key, std::uint64_t first, std::uint64_t count,
                                        std::uint64_t threshold) {
  std::vector<std::uint64_t> bits((count + 63) / 64, 0xa5a5a5a5a5a5a5a5u);
  random_keep_bits(key, first, count, threshold, bits.data());
  return bits;
}

/// Starts at every place in a block, around the carry into a counter's upper word and at the very end.
std::vector<std::uint64_t> hostile_starts() {
  const std::uint64_t carry = std::uint64_t{1} << 34;
  std::vector<std::uint64_t> starts{carry - 300, carry - 131, carry - 64,
                                    carry - 1,   carry,       ~std::uint64_t{0} - 299};
  for (std::uint64_t first = 0; first <= 70; ++first) starts.push_back(first);
  return starts;
}

// The Random123 distribution's known answers (tests/kat_vectors) for philox4x32 of 10 rounds.
TEST(PhiloxTest, GivesTheKnownAnswers) {
  EXPECT_THAT(reference::philox4x32({0, 0, 0, 0}, {0, 0}),
              ElementsAre(0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u));
  constexpr std::uint32_t ones = 0xffffffffu;
  EXPECT_THAT(reference::philox4x32({ones, ones, ones, ones}, {ones, ones}),
              ElementsAre(0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu));
  EXPECT_THAT(
      reference::philox4x32({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, {0xa4093822u, 0x299f31d0u}),
      ElementsAre(0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u));
}

class RandomTest : public test::InstructionSetTest {};

TEST_P(RandomTest, FirstBlockIsAKnownAnswer) {
  EXPECT_THAT(words_of({0, 0}, 0, 4), ElementsAre(0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u));
}

TEST_P(RandomTest, WordsAreThoseOfTheirElements) {
  std::mt19937_64 generator(1);
  for (const std::uint64_t first : hostile_starts()) {
    const RandomKey key{generator(), generator()};
    const std::vector<std::uint32_t> words = words_of(key, first, generator() % 300);
    for (std::size_t i = 0; i < words.size(); ++i) {
      ASSERT_EQ(words[i], word_of(key, first + i)) << "element " << first << " + " << i;
    }
  }
}

TEST_P(RandomTest, KeepBitsAreWordsBelowTheThreshold) {
  std::mt19937_64 generator(2);
  for (const std::uint64_t first : hostile_starts()) {
    const RandomKey key{generator(), generator()};
    const std::uint64_t count = generator() % 300;
    const std::uint64_t own_word = count == 0 ? 7 : word_of(key, first + generator() % count);
    for (const std::uint64_t threshold :
         {std::uint64_t{0}, own_word, own_word + 1, std::uint64_t{0x80000000u}, all_kept - 1, all_kept}) {
      const std::vector<std::uint64_t> bits = keep_bits_of(key, first, count, threshold);
      for (std::uint64_t i = 0; i < 64 * bits.size(); ++i) {
        const bool expected = i < count && word_of(key, first + i) < threshold;
        ASSERT_EQ((bits[i / 64] >> (i % 64) & 1) != 0, expected)
            << "element " << first << " + " << i << ", threshold " << threshold;
      }
    }
  }
}

TEST_P(RandomTest, CuttingChangesNothing) {
  std::mt19937_64 generator(3);
  const RandomKey key = random_key(7, "model", "tensor");
  const std::vector<std::uint32_t> whole = words_of(key, 0, 5000);
  const std::uint64_t threshold = keep_threshold(0.4);
  std::uint64_t end = 0;
  for (std::uint64_t begin = 0; begin < whole.size(); begin = end) {
    end = std::min<std::uint64_t>(whole.size(), begin + generator() % 400);
    const std::vector<std::uint32_t> part = words_of(key, begin, end - begin);
    const std::vector<std::uint64_t> bits = keep_bits_of(key, begin, end - begin, threshold);
    for (std::uint64_t i = 0; i < part.size(); ++i) {
      ASSERT_EQ(part[i], whole[begin + i]);
      ASSERT_EQ((bits[i / 64] >> (i % 64) & 1) != 0, whole[begin + i] < threshold);
    }
  }
}

TEST_P(RandomTest, KeepsTheShareAskedForInEveryStretch) {
  constexpr std::uint64_t count = std::uint64_t{1} << 20;
  for (const double probability : {0.01, 0.1, 0.5, 0.9}) {
    const std::vector<std::uint64_t> bits =
        keep_bits_of(random_key(0, "a", "b"), 3, count, keep_threshold(probability));
    double kept = 0.0;
    double squares = 0.0;
    double equal_neighbours = 0.0;
    constexpr std::size_t stretch = 16;  // integers, 1024 elements
    for (std::size_t begin = 0; begin < bits.size(); begin += stretch) {
      double here = 0.0;
      for (std::size_t i = begin; i < begin + stretch; ++i) {
        here += std::popcount(bits[i]);
        equal_neighbours += std::popcount(~(bits[i] ^ bits[i] >> 1) & ~(std::uint64_t{1} << 63));
      }
      kept += here;
      squares += std::pow(here - probability * 1024.0, 2);
    }
    const double n = static_cast<double>(count);
    const double variance = probability * (1.0 - probability);
    EXPECT_NEAR(kept / n, probability, 5.0 * std::sqrt(variance / n));
    // The number kept in a stretch is binomial; its sample variance has a relative error of sqrt(2 / m).
    const double stretches = n / 1024.0;
    EXPECT_NEAR(squares / stretches / (1024.0 * variance), 1.0, 5.0 * std::sqrt(2.0 / stretches));
    // Neighbours are alike with probability p^2 + (1 - p)^2; 63 pairs in each integer.
    const double pairs = n / 64.0 * 63.0;
    const double alike = 1.0 - 2.0 * variance;
    EXPECT_NEAR(equal_neighbours / pairs, alike, 6.0 * std::sqrt(2.0 * variance / pairs));
  }
}

/// Mean and variance of words as fractions of 2^32.
struct Moments {
  double mean = 0.0;
  double variance = 0.0;
};
Moments moments_of(const std::vector<std::uint32_t>& words) {
  Moments moments;
  const double n = static_cast<double>(words.size());
  for (const std::uint32_t word : words) moments.mean += word * 0x1p-32 / n;
  for (const std::uint32_t word : words) {
    moments.variance += std::pow(word * 0x1p-32 - moments.mean, 2) / n;
  }
  return moments;
}
double correlation(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] * 0x1p-32 - 0.5) * (b[i] * 0x1p-32 - 0.5);
  return sum * 12.0 / static_cast<double>(a.size());
}

TEST_P(RandomTest, WordsAreUniformAndIndependent) {
  constexpr std::size_t count = std::size_t{1} << 18;
  const double deviation = 1.0 / std::sqrt(static_cast<double>(count));
  const std::vector<std::uint32_t> words = words_of(random_key(1, "model", "tensor"), 0, count);
  const Moments moments = moments_of(words);
  EXPECT_NEAR(moments.mean, 0.5, 5.0 * deviation / std::sqrt(12.0));
  EXPECT_NEAR(moments.variance, 1.0 / 12.0, 5.0 * deviation / std::sqrt(180.0));
  const std::span<const std::uint32_t> all(words);
  for (const std::size_t distance : {1u, 2u, 3u, 4u, 5u, 8u, 16u, 64u, 4096u}) {
    EXPECT_NEAR(correlation(all.first(count - distance), all.subspan(distance)), 0.0, 5.0 * deviation)
        << distance;
  }
  for (const RandomKey other : {random_key(2, "model", "tensor"), random_key(1, "Model", "tensor"),
                                random_key(1, "model", "tensor2")}) {
    EXPECT_NEAR(correlation(words, words_of(other, 0, count)), 0.0, 5.0 * deviation);
  }
}

TEST_P(RandomTest, EveryByteTakesEveryValueAsOften) {
  const std::vector<std::uint32_t> words = words_of({5, 6}, 0, std::size_t{1} << 17);
  for (int shift = 0; shift < 32; shift += 8) {
    std::array<double, 256> found{};
    for (const std::uint32_t word : words) found[word >> shift & 0xffu] += 1.0;
    double chi_square = 0.0;
    for (const double number : found) chi_square += std::pow(number - 512.0, 2) / 512.0;
    EXPECT_NEAR(chi_square, 255.0, 5.0 * std::sqrt(2.0 * 255.0)) << "byte at bit " << shift;
  }
}

TEST_P(RandomTest, NothingAskedForIsNothingWritten) {
  random_words({1, 2}, 3, {});
  random_keep_bits({1, 2}, 3, 0, 4, nullptr);
  std::array<std::uint64_t, 3> bits{1, 2, 3};
  random_keep_bits({1, 2}, 3, 65, all_kept, bits.data());
  EXPECT_THAT(bits, ElementsAre(~std::uint64_t{0}, 1, 3));
  EXPECT_THROW(random_keep_bits({1, 2}, 3, 65, all_kept + 1, bits.data()), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Every, RandomTest, testing::ValuesIn(available_instruction_sets()), test::set_name);

TEST(RandomKeyTest, IsTheDigestOfSeedAndNamesWithTheirLengths) {
  using namespace std::string_literals;
  const std::string hex = digest_of(
                              "\x04\x03\x02\x01\0\0\0\xff"
                              "\x05\0\0\0\0\0\0\0model"
                              "\x02\0\0\0\0\0\0\0ab"s)
                              .hex();
  const RandomKey key = random_key(0xff00000001020304u, "model", "ab");
  EXPECT_EQ(key.key, std::stoull(hex.substr(0, 16), nullptr, 16));
  EXPECT_EQ(key.stream, std::stoull(hex.substr(16), nullptr, 16));
}

TEST(RandomKeyTest, DiffersWhereAnythingDiffers) {
  std::set<std::pair<std::uint64_t, std::uint64_t>> keys;
  std::size_t made = 0;
  for (const std::uint64_t seed : {0u, 1u, 256u}) {
    for (const std::string_view model : {"", "a", "ab", "abc"}) {
      for (const std::string_view tensor : {"", "c", "bc", "abc"}) {
        const RandomKey key = random_key(seed, model, tensor);
        EXPECT_EQ(key, random_key(seed, model, tensor));
        keys.emplace(key.key, key.stream);
        ++made;
      }
    }
  }
  EXPECT_EQ(keys.size(), made);
}

TEST(KeepThresholdTest, IsTheNearestMultiple) {
  EXPECT_EQ(keep_threshold(0.0), 0u);
  EXPECT_EQ(keep_threshold(1.0), all_kept);
  EXPECT_EQ(keep_threshold(0.5), all_kept / 2);
  EXPECT_EQ(keep_threshold(0.1), 429496730u);  // 429496729.6
  EXPECT_EQ(keep_threshold(0x1p-33), 1u);
  EXPECT_EQ(keep_threshold(0x1.8p-32), 2u);
  EXPECT_EQ(keep_threshold(std::nextafter(0x1p-33, 0.0)), 0u);
  EXPECT_EQ(keep_threshold(std::nextafter(1.0, 0.0)), all_kept);
  for (const double wrong : {-0.1, std::nextafter(1.0, 2.0), std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(keep_threshold(wrong), std::invalid_argument) << wrong;
  }
}

}  // namespace
}  // namespace stockpot::kernel
