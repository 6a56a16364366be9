#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "stockpot/base/error.hpp"
#include "stockpot/kernel/linear_form.hpp"
#include "unit/kernel/elements.hpp"

namespace stockpot::kernel {
namespace {

using test::Elements;
using test::InstructionSetTest;
using test::Kind;

class ConvertTest : public InstructionSetTest {};

TEST_P(ConvertTest, RoundsEveryElementOnce) {
  std::mt19937_64 generator(11);
  for (const DType input : test::mergeable_types()) {
    for (const DType output : test::output_types()) {
      for (int round = 0; round < 20; ++round) {
        const Elements source(input, generator() % 200, generator, round % 2 == 0 ? Kind::bits : Kind::edges);
        Elements target(output, source.count(), generator, Kind::bits);
        const ElementCounts counts = convert(source.view(), target.output(), source.count());
        std::uint64_t nonfinite = 0;
        for (std::uint64_t i = 0; i < source.count(); ++i) {
          if (input == output) {
            ASSERT_EQ(target.element(i), source.element(i));
          } else {
            std::vector<std::byte> expected(8);
            store_rounded(output, expected.data(), 0, source.value(i));
            ASSERT_EQ(std::memcmp(expected.data(), target.element(i).data(), target.element(i).size()), 0);
          }
          if (!std::isfinite(target.value(i))) ++nonfinite;
        }
        EXPECT_EQ(counts.nonfinite, nonfinite);
        EXPECT_TRUE(target.margins_untouched());
      }
    }
  }
}

TEST_P(ConvertTest, CountsNonfiniteElements) {
  std::mt19937_64 generator(12);
  for (const DType dtype : test::mergeable_types()) {
    for (std::uint64_t count = 0; count < 150; ++count) {
      const Elements elements(dtype, count, generator, count % 2 == 0 ? Kind::bits : Kind::edges);
      std::uint64_t expected = 0;
      for (std::uint64_t i = 0; i < count; ++i) expected += std::isfinite(elements.value(i)) ? 0u : 1u;
      ASSERT_EQ(count_nonfinite(elements.view(), count), expected) << name(dtype) << ", " << count;
    }
  }
}

TEST_P(ConvertTest, CountsEveryPatternOfTheSmallTypes) {
  std::vector<std::uint16_t> bits(65536);
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint16_t>(i);
  const auto* const data = reinterpret_cast<const std::byte*>(bits.data());
  EXPECT_EQ(count_nonfinite({DType::bf16, data}, 65536), 2u * 128);
  EXPECT_EQ(count_nonfinite({DType::f16, data}, 65536), 2u * 1024);
  // As bytes, every pattern comes 256 times as a lower and 256 times as an upper half.
  EXPECT_EQ(count_nonfinite({DType::f8_e4m3, data}, 131072), 512u * 2);
  EXPECT_EQ(count_nonfinite({DType::f8_e5m2, data}, 131072), 512u * 8);
}

TEST_P(ConvertTest, WidensEveryPatternOfTheSmallTypesExactly) {
  std::vector<std::uint16_t> bits(65536);
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint16_t>(i);
  const auto* const data = reinterpret_cast<const std::byte*>(bits.data());
  for (const DType dtype : {DType::bf16, DType::f16, DType::f8_e4m3, DType::f8_e5m2}) {
    std::vector<double> wide(65536);
    convert({dtype, data}, {DType::f64, reinterpret_cast<std::byte*>(wide.data())}, wide.size());
    for (std::size_t i = 0; i < wide.size(); ++i) {
      const double expected = load_as_double(dtype, data, i);
      if (std::isnan(expected)) {
        ASSERT_TRUE(std::isnan(wide[i]));
      } else {
        ASSERT_EQ(std::bit_cast<std::uint64_t>(wide[i]), std::bit_cast<std::uint64_t>(expected))
            << name(dtype);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Every, ConvertTest, testing::ValuesIn(available_instruction_sets()), test::set_name);

TEST(InstructionSet, IsTheOneAskedFor) {
  const std::vector<std::string> names = available_instruction_sets();
  EXPECT_EQ(names.back(), "scalar");
  for (const std::string& name : names) {
    restrict_instruction_set(name.c_str());
    EXPECT_EQ(instruction_set(), name);
  }
  restrict_instruction_set("");
  EXPECT_EQ(instruction_set(), names.front());
}

TEST(InstructionSet, UnknownNameIsRefusedWithTheKnownOnes) {
  try {
    restrict_instruction_set("AVX9");
    FAIL() << "AVX9 was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_THAT(error.what(), testing::HasSubstr("'AVX9'"));
    EXPECT_THAT(error.what(), testing::HasSubstr("scalar"));
  }
}

}  // namespace
}  // namespace stockpot::kernel
