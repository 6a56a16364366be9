#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stockpot/plan/model_set.hpp"

/// Tensor lists of well-known models, named as their checkpoints name them, with the numbers of their public
/// config.json files. Shapes only, in bfloat16.
namespace stockpot::architectures {

struct Tensor {
  std::string name;
  Shape shape;
  DType dtype = DType::bf16;
};
using Tensors = std::vector<Tensor>;

/// Keys of a config.json of the Llama and Mixtral families.
struct Decoder {
  std::uint64_t hidden_size = 0;
  std::uint64_t intermediate_size = 0;
  std::uint64_t num_hidden_layers = 0;
  std::uint64_t num_attention_heads = 0;
  std::uint64_t num_key_value_heads = 0;
  std::uint64_t vocab_size = 0;
  std::uint64_t num_local_experts = 0;  ///< 0: no experts
};

/// Keys of a config.json of the DeepSeek-V3 family: latent attention, routed and shared experts.
struct LatentMixture {
  std::uint64_t hidden_size = 7168;
  std::uint64_t intermediate_size = 18432;
  std::uint64_t moe_intermediate_size = 2048;
  std::uint64_t num_hidden_layers = 61;
  std::uint64_t first_k_dense_replace = 0;
  std::uint64_t num_attention_heads = 0;
  std::uint64_t n_routed_experts = 0;
  std::uint64_t q_lora_rank = 1536;
  std::uint64_t kv_lora_rank = 512;
  std::uint64_t qk_nope_head_dim = 128;
  std::uint64_t qk_rope_head_dim = 64;
  std::uint64_t v_head_dim = 128;
  std::uint64_t vocab_size = 0;
};

Tensors tensors_of(const Decoder& config);
Tensors tensors_of(const LatentMixture& config);

/// meta-llama/Meta-Llama-3-70B
inline Tensors llama_3_70b() {
  return tensors_of(Decoder{8192, 28672, 80, 64, 8, 128256});
}
/// meta-llama/Llama-3.1-405B
inline Tensors llama_3_1_405b() {
  return tensors_of(Decoder{16384, 53248, 126, 128, 8, 128256});
}
/// mistralai/Mixtral-8x22B-v0.1
inline Tensors mixtral_8x22b() {
  return tensors_of(Decoder{6144, 16384, 56, 48, 8, 32000, 8});
}
/// deepseek-ai/DeepSeek-V3 without its module for multi-token prediction
inline Tensors deepseek_v3() {
  return tensors_of(LatentMixture{
      .first_k_dense_replace = 3, .num_attention_heads = 128, .n_routed_experts = 256, .vocab_size = 129280});
}
/// moonshotai/Kimi-K2-Base: 1.03T parameters
inline Tensors kimi_k2() {
  return tensors_of(LatentMixture{
      .first_k_dense_replace = 1, .num_attention_heads = 64, .n_routed_experts = 384, .vocab_size = 163840});
}

inline std::uint64_t parameters(const Tensors& tensors) {
  std::uint64_t total = 0;
  for (const Tensor& tensor : tensors) total += element_count(tensor.shape).value();
  return total;
}

/// Headers of a checkpoint with these tensors, in one file.
checkpoint::Checkpoint checkpoint_of(const std::string& reference, const Tensors& tensors);

}  // namespace stockpot::architectures
