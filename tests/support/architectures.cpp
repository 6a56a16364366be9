#include "architectures.hpp"

#include <algorithm>

namespace stockpot::architectures {
namespace {

/// Adds weights of one module after the other.
class Builder {
 public:
  void add(const std::string& name, Shape shape, DType dtype = DType::bf16) {
    tensors_.push_back({prefix_ + name, std::move(shape), dtype});
  }
  void at(std::string prefix) { prefix_ = std::move(prefix); }
  Tensors take() { return std::move(tensors_); }

 private:
  std::string prefix_;
  Tensors tensors_;
};

void add_mlp(Builder& builder, const std::string& at, std::uint64_t hidden, std::uint64_t inner) {
  builder.add(at + "gate_proj.weight", {inner, hidden});
  builder.add(at + "up_proj.weight", {inner, hidden});
  builder.add(at + "down_proj.weight", {hidden, inner});
}

void add_ends(Builder& builder, std::uint64_t vocabulary, std::uint64_t hidden) {
  builder.at("");
  builder.add("model.embed_tokens.weight", {vocabulary, hidden});
  builder.add("model.norm.weight", {hidden});
  builder.add("lm_head.weight", {vocabulary, hidden});
}

}  // namespace

Tensors tensors_of(const Decoder& config) {
  const std::uint64_t hidden = config.hidden_size;
  const std::uint64_t inner = config.intermediate_size;
  const std::uint64_t keys = hidden / config.num_attention_heads * config.num_key_value_heads;
  Builder builder;
  for (std::uint64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    builder.at(fmt::format("model.layers.{}.", layer));
    builder.add("input_layernorm.weight", {hidden});
    builder.add("post_attention_layernorm.weight", {hidden});
    builder.add("self_attn.q_proj.weight", {hidden, hidden});
    builder.add("self_attn.k_proj.weight", {keys, hidden});
    builder.add("self_attn.v_proj.weight", {keys, hidden});
    builder.add("self_attn.o_proj.weight", {hidden, hidden});
    if (config.num_local_experts == 0) {
      add_mlp(builder, "mlp.", hidden, inner);
      continue;
    }
    builder.add("block_sparse_moe.gate.weight", {config.num_local_experts, hidden});
    for (std::uint64_t expert = 0; expert < config.num_local_experts; ++expert) {
      const std::string at = fmt::format("block_sparse_moe.experts.{}.", expert);
      builder.add(at + "w1.weight", {inner, hidden});
      builder.add(at + "w2.weight", {hidden, inner});
      builder.add(at + "w3.weight", {inner, hidden});
    }
  }
  add_ends(builder, config.vocab_size, hidden);
  return builder.take();
}

Tensors tensors_of(const LatentMixture& config) {
  const std::uint64_t hidden = config.hidden_size;
  const std::uint64_t heads = config.num_attention_heads;
  Builder builder;
  for (std::uint64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    builder.at(fmt::format("model.layers.{}.", layer));
    builder.add("input_layernorm.weight", {hidden});
    builder.add("post_attention_layernorm.weight", {hidden});
    builder.add("self_attn.q_a_proj.weight", {config.q_lora_rank, hidden});
    builder.add("self_attn.q_a_layernorm.weight", {config.q_lora_rank});
    builder.add("self_attn.q_b_proj.weight",
                {heads * (config.qk_nope_head_dim + config.qk_rope_head_dim), config.q_lora_rank});
    builder.add("self_attn.kv_a_proj_with_mqa.weight",
                {config.kv_lora_rank + config.qk_rope_head_dim, hidden});
    builder.add("self_attn.kv_a_layernorm.weight", {config.kv_lora_rank});
    builder.add("self_attn.kv_b_proj.weight",
                {heads * (config.qk_nope_head_dim + config.v_head_dim), config.kv_lora_rank});
    builder.add("self_attn.o_proj.weight", {hidden, heads * config.v_head_dim});
    if (layer < config.first_k_dense_replace) {
      add_mlp(builder, "mlp.", hidden, config.intermediate_size);
      continue;
    }
    builder.add("mlp.gate.weight", {config.n_routed_experts, hidden});
    builder.add("mlp.gate.e_score_correction_bias", {config.n_routed_experts}, DType::f32);
    add_mlp(builder, "mlp.shared_experts.", hidden, config.moe_intermediate_size);
    for (std::uint64_t expert = 0; expert < config.n_routed_experts; ++expert) {
      add_mlp(builder, fmt::format("mlp.experts.{}.", expert), hidden, config.moe_intermediate_size);
    }
  }
  add_ends(builder, config.vocab_size, hidden);
  return builder.take();
}

checkpoint::Checkpoint checkpoint_of(const std::string& reference, const Tensors& tensors) {
  checkpoint::Checkpoint made;
  made.reference = reference;
  made.files.push_back({reference + "/model.safetensors", {}});
  std::uint64_t offset = 0;
  for (const Tensor& tensor : tensors) {
    const std::uint64_t size = tensor_bytes(tensor.dtype, tensor.shape).value();
    made.tensors.push_back({tensor.name, tensor.dtype, tensor.shape, 0, offset, size});
    offset += size;
  }
  std::sort(made.tensors.begin(), made.tensors.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return made;
}

}  // namespace stockpot::architectures
