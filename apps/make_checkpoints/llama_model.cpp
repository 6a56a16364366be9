#include "llama_model.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::make_checkpoints {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* unknown_token = "<unk>";
constexpr const char* begin_token = "<s>";
constexpr const char* end_token = "</s>";

Json config(const LlamaModel& model) {
  return {{"architectures", {"LlamaForCausalLM"}},
          {"attention_bias", false},
          {"bos_token_id", 1},
          {"eos_token_id", 2},
          {"hidden_act", "silu"},
          {"hidden_size", model.hidden},
          {"initializer_range", 0.02},
          {"intermediate_size", model.intermediate},
          {"max_position_embeddings", 2048},
          {"model_type", "llama"},
          {"num_attention_heads", model.heads},
          {"num_hidden_layers", model.layers},
          {"num_key_value_heads", model.key_value_heads},
          {"rms_norm_eps", 1e-05},
          {"rope_theta", 10000.0},
          {"tie_word_embeddings", model.tied},
          {"torch_dtype", torch_name(model.dtype)},
          {"use_cache", true},
          {"vocab_size", model.vocabulary}};
}

Json tokenizer() {
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", Json::array()},
          {"normalizer", nullptr},
          {"pre_tokenizer", {{"type", "Whitespace"}}},
          {"post_processor", nullptr},
          {"decoder", nullptr},
          {"model",
           {{"type", "WordLevel"},
            {"vocab",
             {{unknown_token, 0}, {begin_token, 1}, {end_token, 2}, {"soup", 3}, {"stock", 4}, {"pot", 5}}},
            {"unk_token", unknown_token}}}};
}

Json tokenizer_config() {
  return {{"bos_token", begin_token},
          {"eos_token", end_token},
          {"model_max_length", 2048},
          {"tokenizer_class", "PreTrainedTokenizerFast"},
          {"unk_token", unknown_token}};
}

}  // namespace

void check(const LlamaModel& model) {
  if (std::min({model.layers, model.hidden, model.intermediate, model.heads, model.key_value_heads}) == 0) {
    throw Error(ExitCode::usage, "every size of the model must be at least 1");
  }
  if (model.vocabulary < 6) throw Error(ExitCode::usage, "--vocab must be at least 6");
  if (model.hidden % model.heads != 0) throw Error(ExitCode::usage, "--heads must divide --hidden");
  if (model.heads % model.key_value_heads != 0)
    throw Error(ExitCode::usage, "--kv-heads must divide --heads");
  if (!is_output(model.dtype))
    throw Error(ExitCode::usage, "--dtype must be bfloat16, float16, float32 or float64");
}

std::vector<io::TensorHeader> tensors_of(const LlamaModel& model) {
  std::vector<io::TensorHeader> tensors;
  const auto add = [&](const std::string& name, Shape shape) {
    tensors.push_back({.name = name + ".weight", .dtype = model.dtype, .shape = std::move(shape)});
  };
  const std::uint64_t key_value = model.hidden / model.heads * model.key_value_heads;
  add("model.embed_tokens", {model.vocabulary, model.hidden});
  add("model.norm", {model.hidden});
  if (!model.tied) add("lm_head", {model.vocabulary, model.hidden});
  for (std::uint64_t layer = 0; layer < model.layers; ++layer) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".";
    add(prefix + "input_layernorm", {model.hidden});
    add(prefix + "post_attention_layernorm", {model.hidden});
    add(prefix + "self_attn.q_proj", {model.hidden, model.hidden});
    add(prefix + "self_attn.k_proj", {key_value, model.hidden});
    add(prefix + "self_attn.v_proj", {key_value, model.hidden});
    add(prefix + "self_attn.o_proj", {model.hidden, model.hidden});
    add(prefix + "mlp.gate_proj", {model.intermediate, model.hidden});
    add(prefix + "mlp.up_proj", {model.intermediate, model.hidden});
    add(prefix + "mlp.down_proj", {model.hidden, model.intermediate});
  }
  std::sort(tensors.begin(), tensors.end(),
            [](const auto& a, const auto& b) { return natural_less(a.name, b.name); });
  for (io::TensorHeader& tensor : tensors) {
    const auto size = tensor_bytes(tensor.dtype, tensor.shape);
    if (!size) throw Error(ExitCode::usage, "the tensor is too large", {.file = "", .tensor = tensor.name});
    tensor.bytes = *size;
  }
  return tensors;
}

std::vector<CompanionFile> companion_files(const LlamaModel& model) {
  const Json generation = {{"bos_token_id", 1}, {"eos_token_id", 2}};
  const Json special_tokens = {
      {"bos_token", begin_token}, {"eos_token", end_token}, {"unk_token", unknown_token}};
  return {{"config.json", config(model).dump(2) + "\n"},
          {"generation_config.json", generation.dump(2) + "\n"},
          {"special_tokens_map.json", special_tokens.dump(2) + "\n"},
          {"tokenizer.json", tokenizer().dump(2) + "\n"},
          {"tokenizer_config.json", tokenizer_config().dump(2) + "\n"}};
}

}  // namespace stockpot::make_checkpoints
