#include "stockpot/tensor/shape.hpp"

#include <gtest/gtest.h>

namespace stockpot {
namespace {

constexpr std::uint64_t huge = std::uint64_t{1} << 63;

TEST(Shape, CountsElementsFromLeftToRight) {
  EXPECT_EQ(element_count({}), 1u);
  EXPECT_EQ(element_count({3, 4, 5}), 60u);
  EXPECT_EQ(element_count({7, 0}), 0u);
  EXPECT_EQ(element_count({0, huge, 4}), 0u);
  EXPECT_EQ(element_count({huge, 4, 0}), std::nullopt);
  EXPECT_EQ(element_count({~std::uint64_t{0}}), ~std::uint64_t{0});
}

TEST(Shape, CountsBytesAndRefusesBrokenOnes) {
  EXPECT_EQ(tensor_bytes(DType::bf16, {3, 5}), 30u);
  EXPECT_EQ(tensor_bytes(DType::f64, {}), 8u);
  EXPECT_EQ(tensor_bytes(DType::f32, {0, 9}), 0u);
  EXPECT_EQ(tensor_bytes(DType::f4, {4}), 2u);
  EXPECT_EQ(tensor_bytes(DType::f4, {3}), std::nullopt);
  EXPECT_EQ(tensor_bytes(DType::f6_e2m3, {4}), 3u);
  EXPECT_EQ(tensor_bytes(DType::f6_e2m3, {2}), std::nullopt);
  EXPECT_EQ(tensor_bytes(DType::f64, {huge / 4}), std::nullopt);
}

TEST(Shape, PrintsAsAList) {
  EXPECT_EQ(to_string(Shape{}), "[]");
  EXPECT_EQ(to_string(Shape{4096, 11008}), "[4096, 11008]");
}

TEST(Layer, EndsWithTheFirstNumber) {
  EXPECT_EQ(layer_of("model.layers.7.mlp.up_proj.weight"), "model.layers.7");
  EXPECT_EQ(layer_of("model.layers.7.experts.3.w1.weight"), "model.layers.7");
  EXPECT_EQ(layer_of("0.weight"), "0");
  EXPECT_EQ(layer_of("h.12"), "h.12");
}

TEST(Layer, WithoutANumberIsTheModule) {
  EXPECT_EQ(layer_of("model.embed_tokens.weight"), "model.embed_tokens");
  EXPECT_EQ(layer_of("lm_head.weight"), "lm_head");
  EXPECT_EQ(layer_of("bias"), "bias");
  EXPECT_EQ(layer_of("conv1.weight"), "conv1");
  EXPECT_EQ(layer_of("a.x7.b"), "a.x7");
  EXPECT_EQ(layer_of(""), "");
  EXPECT_EQ(layer_of("a..b"), "a.");
}

}  // namespace
}  // namespace stockpot
