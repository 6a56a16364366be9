#include "stockpot/checkpoint/vocabulary_names.hpp"

#include <gtest/gtest.h>

namespace stockpot::checkpoint {
namespace {

TEST(Vocabulary, KnowsEmbeddingsAndHeads) {
  for (const char* name :
       {"model.embed_tokens.weight", "lm_head.weight", "transformer.wte.weight", "output.weight",
        "language_model.lm_head.weight", "cls.predictions.decoder.bias"}) {
    EXPECT_TRUE(is_vocabulary_tensor(name)) << name;
  }
  for (const char* name : {"layers.0.attention.output.weight", "my_lm_head.weight", "decoder.weight",
                           "model.layers.0.mlp.weight", "", "vision.embeddings.weight"}) {
    EXPECT_FALSE(is_vocabulary_tensor(name)) << name;
  }
}

}  // namespace
}  // namespace stockpot::checkpoint
