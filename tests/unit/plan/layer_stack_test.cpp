#include "stockpot/plan/layer_stack.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stockpot::plan {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(LayerName, IsCutAtTheFirstAllDigitComponent) {
  const auto parts = split_layer_name("model.layers.7.mlp.up_proj.weight");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->prefix, "model.layers.");
  EXPECT_EQ(parts->layer, 7U);
  EXPECT_EQ(parts->suffix, ".mlp.up_proj.weight");
  EXPECT_EQ(parts->with_layer(31), "model.layers.31.mlp.up_proj.weight");
  EXPECT_EQ(split_layer_name("blocks.2.experts.5.w")->with_layer(0), "blocks.0.experts.5.w");
  EXPECT_EQ(split_layer_name("3.weight")->prefix, "");
  EXPECT_EQ(split_layer_name("h.12")->layer, 12U);
}

TEST(LayerName, OtherNamesHaveNoLayer) {
  for (const char* name : {"", "weight", "model.norm.weight", "layer7.weight", "layers.7a.w", "a..b", ".",
                           "layers.-1.w", "layers.99999999999999999999999.w"}) {
    EXPECT_FALSE(split_layer_name(name)) << name;
  }
}

TEST(LayerStack, IsAsHighAsItsHighestLayer) {
  EXPECT_THAT(layer_counts({"h.0.w", "h.5.w", "encoder.1.w", "norm.w"}),
              ElementsAre(Pair("encoder.", 2), Pair("h.", 6)));
}

TEST(Depth, RunsFromZeroToOneInAStack) {
  const auto stacks = layer_counts({"h.0.w", "h.4.w", "single.0.w"});
  EXPECT_EQ(depth_of("h.0.w", stacks), 0.0);
  EXPECT_EQ(depth_of("h.1.bias", stacks), 0.25);
  EXPECT_EQ(depth_of("h.4.w", stacks), 1.0);
  EXPECT_EQ(depth_of("single.0.w", stacks), 1.0);
  EXPECT_EQ(depth_of("norm.weight", stacks), 0.0);
  EXPECT_EQ(depth_of("other.3.w", stacks), 0.0);
}

TEST(Layers, EmbeddingsComeBeforeThem) {
  for (const char* name : {"model.embed_tokens.weight", "transformer.wte.weight", "transformer.wpe.weight",
                           "embeddings.word_embeddings.weight"}) {
    EXPECT_TRUE(precedes_layers(name)) << name;
  }
  for (const char* name : {"model.norm.weight", "lm_head.weight", "transformer.ln_f.bias", "wtes.weight"}) {
    EXPECT_FALSE(precedes_layers(name)) << name;
  }
}

}  // namespace
}  // namespace stockpot::plan
