#include "stockpot/base/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace stockpot {
namespace {

TEST(NaturalLess, ComparesRunsOfDigitsAsNumbers) {
  EXPECT_TRUE(natural_less("layers.2.w", "layers.10.w"));
  EXPECT_FALSE(natural_less("layers.10.w", "layers.2.w"));
  EXPECT_TRUE(natural_less("a", "a0"));
  EXPECT_TRUE(natural_less("a9", "b1"));
  EXPECT_TRUE(natural_less("x99999999999999999999998", "x99999999999999999999999"));
  EXPECT_TRUE(natural_less("x99999999999999999999999", "x100000000000000000000000"));
  EXPECT_TRUE(natural_less("Z", "a"));         // bytewise
  EXPECT_TRUE(natural_less("z", "\xc3\xa4"));  // bytes are unsigned
  EXPECT_FALSE(natural_less("same", "same"));
  EXPECT_TRUE(natural_less("", "a"));
}

TEST(NaturalLess, EqualNumbersFallBackToBytes) {
  EXPECT_TRUE(natural_less("a01", "a1"));
  EXPECT_FALSE(natural_less("a1", "a01"));
  EXPECT_TRUE(natural_less("a1", "a01b"));  // the shorter rest comes first
  EXPECT_TRUE(natural_less("a01", "a2"));
  EXPECT_TRUE(natural_less("a0", "a1"));
}

TEST(NaturalLess, IsAStrictTotalOrder) {
  std::mt19937 generator(1);
  std::vector<std::string> words;
  for (int i = 0; i < 60; ++i) {
    std::string word;
    for (std::size_t length = generator() % 6; length > 0; --length) word += "0019a."[generator() % 6];
    words.push_back(word);
  }
  for (const std::string& a : words) {
    for (const std::string& b : words) {
      ASSERT_EQ(natural_less(a, b) != natural_less(b, a), a != b) << a << " " << b;
      for (const std::string& c : words) {
        ASSERT_TRUE(!natural_less(a, b) || !natural_less(b, c) || natural_less(a, c))
            << a << " " << b << " " << c;
      }
    }
  }
}

TEST(Nearest, FindsWhatWasMeantAndNothingElse) {
  const std::vector<std::string> candidates{"merge_method", "base_model", "models", "dtype"};
  EXPECT_EQ(nearest("merge_metod", candidates), "merge_method");
  EXPECT_EQ(nearest("basemodel", candidates), "base_model");
  EXPECT_EQ(nearest("model", candidates), "models");
  EXPECT_EQ(nearest("dtype", candidates), "dtype");
  EXPECT_EQ(nearest("completely_different", candidates), std::nullopt);
  EXPECT_EQ(nearest("dtype", {}), std::nullopt);
}

TEST(ParseSize, ReadsDecimalAndBinaryUnits) {
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("512MiB"), 512u << 20);
  EXPECT_EQ(parse_size("2GiB"), std::uint64_t{2} << 30);
  EXPECT_EQ(parse_size("2gi"), std::uint64_t{2} << 30);
  EXPECT_EQ(parse_size("5GB"), 5'000'000'000u);
  EXPECT_EQ(parse_size("5e9"), 5'000'000'000u);
  EXPECT_EQ(parse_size("1.5 GB"), 1'500'000'000u);
  EXPECT_EQ(parse_size("3k"), 3000u);
  EXPECT_EQ(parse_size("1TiB"), std::uint64_t{1} << 40);
  EXPECT_EQ(parse_size("7 B"), 7u);
}

TEST(ParseSize, RefusesEverythingElse) {
  for (const char* text : {"", " ", "GB", "-1", "-1MiB", "1 parsec", "1e30", "inf", "nan", "12x", "0x10",
                           "1 2", "1GBB", "9223372036854775808"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(FormatSize, IsForPeople) {
  EXPECT_EQ(format_size(0), "0 B");
  EXPECT_EQ(format_size(1023), "1023 B");
  EXPECT_EQ(format_size(1536), "1.50 KiB");
  EXPECT_EQ(format_size(std::uint64_t{3} << 29), "1.50 GiB");
  EXPECT_EQ(format_size(~std::uint64_t{0}), "16777216.00 TiB");
}

}  // namespace
}  // namespace stockpot
