#include "stockpot/tensor/dtype.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace stockpot {
namespace {

TEST(DType, NamesAndBackAreOneToOne) {
  std::set<std::string> names;
  for (int i = 0; i < dtype_count; ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(dtype_from_name(name(dtype)), dtype);
    names.emplace(name(dtype));
    EXPECT_TRUE(torch_name(dtype).empty() || dtype_from_recipe(torch_name(dtype)) == dtype) << name(dtype);
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(dtype_count));
}

TEST(DType, NamesAreCaseSensitive) {
  EXPECT_EQ(dtype_from_name("BF16"), DType::bf16);
  EXPECT_EQ(dtype_from_name("bf16"), std::nullopt);
  EXPECT_EQ(dtype_from_name("I4"), std::nullopt);
  EXPECT_EQ(dtype_from_name(""), std::nullopt);
}

TEST(DType, RecipesSayItInManyWays) {
  for (const char* text : {"bfloat16", "bf16", "torch.bfloat16"})
    EXPECT_EQ(dtype_from_recipe(text), DType::bf16);
  for (const char* text : {"float16", "fp16", "half", "torch.half"})
    EXPECT_EQ(dtype_from_recipe(text), DType::f16);
  for (const char* text : {"float32", "fp32", "float"}) EXPECT_EQ(dtype_from_recipe(text), DType::f32);
  for (const char* text : {"float64", "double", "torch.float64"})
    EXPECT_EQ(dtype_from_recipe(text), DType::f64);
  for (const char* text : {"", "torch.", "BF16", "int4", "auto"})
    EXPECT_EQ(dtype_from_recipe(text), std::nullopt);
}

TEST(DType, WidthsFollowTheNames) {
  EXPECT_EQ(bits(DType::f4), 4);
  EXPECT_EQ(bits(DType::f6_e2m3), 6);
  EXPECT_EQ(bytes(DType::f4), 0);
  EXPECT_EQ(bytes(DType::f6_e3m2), 0);
  for (const DType dtype : {DType::boolean, DType::u8, DType::f8_e4m3, DType::f8_e8m0})
    EXPECT_EQ(bytes(dtype), 1);
  for (const DType dtype : {DType::f16, DType::bf16, DType::i16}) EXPECT_EQ(bytes(dtype), 2);
  for (const DType dtype : {DType::f32, DType::u32}) EXPECT_EQ(bytes(dtype), 4);
  for (const DType dtype : {DType::f64, DType::c64, DType::i64}) EXPECT_EQ(bytes(dtype), 8);
}

TEST(DType, WhatMergesWhatIsWrittenWhatIsCopied) {
  int mergeable = 0;
  int output = 0;
  int integer = 0;
  for (int i = 0; i < dtype_count; ++i) {
    const auto dtype = static_cast<DType>(i);
    mergeable += is_mergeable(dtype) ? 1 : 0;
    output += is_output(dtype) ? 1 : 0;
    integer += is_integer(dtype) ? 1 : 0;
    EXPECT_FALSE(is_mergeable(dtype) && is_integer(dtype)) << name(dtype);
    EXPECT_TRUE(is_mergeable(dtype) || !is_output(dtype)) << name(dtype);
  }
  EXPECT_EQ(mergeable, 6);
  EXPECT_EQ(output, 4);
  EXPECT_EQ(integer, 9);
  EXPECT_TRUE(is_mergeable(DType::f8_e4m3));
  EXPECT_FALSE(is_output(DType::f8_e4m3));
  EXPECT_FALSE(is_mergeable(DType::f8_e4m3fnuz));
  EXPECT_TRUE(is_integer(DType::boolean));
}

}  // namespace
}  // namespace stockpot
