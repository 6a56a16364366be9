#include "checkpoint/tied_names.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "checkpoint/config_json.hpp"

namespace stockpot::checkpoint {
namespace {

enum class Tie {
  by_config,  ///< when tie_word_embeddings is true
  always,     ///< the architecture knows no other way
};

/// An input embedding, and a name that transformers leaves out when it is tied to it.
struct Pair {
  std::string_view embedding;
  std::string_view tied;
  Tie tie = Tie::by_config;
};

constexpr std::array<Pair, 28> pairs{{
    {"model.embed_tokens.weight", "lm_head.weight"},
    {"embed_tokens.weight", "lm_head.weight"},
    {"model.decoder.embed_tokens.weight", "lm_head.weight"},
    {"model.language_model.embed_tokens.weight", "lm_head.weight"},
    {"model.text_model.embed_tokens.weight", "lm_head.weight"},
    {"language_model.model.embed_tokens.weight", "language_model.lm_head.weight"},
    {"language_model.embed_tokens.weight", "lm_head.weight"},
    {"text_model.model.embed_tokens.weight", "text_model.lm_head.weight"},
    {"transformer.wte.weight", "lm_head.weight"},
    {"wte.weight", "lm_head.weight"},
    {"transformer.word_embeddings.weight", "lm_head.weight"},
    {"word_embeddings.weight", "lm_head.weight"},
    {"gpt_neox.embed_in.weight", "embed_out.weight"},
    {"backbone.embeddings.weight", "lm_head.weight"},
    {"backbone.embedding.weight", "lm_head.weight"},
    {"tok_embeddings.weight", "output.weight"},
    {"model.tok_embeddings.weight", "output.weight"},
    {"shared.weight", "lm_head.weight"},
    {"shared.weight", "encoder.embed_tokens.weight", Tie::always},
    {"shared.weight", "decoder.embed_tokens.weight", Tie::always},
    {"model.shared.weight", "lm_head.weight"},
    {"model.shared.weight", "model.encoder.embed_tokens.weight", Tie::always},
    {"model.shared.weight", "model.decoder.embed_tokens.weight", Tie::always},
    {"bert.embeddings.word_embeddings.weight", "cls.predictions.decoder.weight"},
    {"roberta.embeddings.word_embeddings.weight", "lm_head.decoder.weight"},
    {"electra.embeddings.word_embeddings.weight", "generator_lm_head.weight"},
    {"distilbert.embeddings.word_embeddings.weight", "vocab_projector.weight"},
    {"albert.embeddings.word_embeddings.weight", "predictions.decoder.weight"},
}};

bool is_true(const nlohmann::json& object, const char* key) {
  const auto value = object.find(key);
  return value != object.end() && value->is_boolean() && value->get<bool>();
}

bool config_ties(const Checkpoint& checkpoint) {
  if (checkpoint.config.empty()) return false;
  const auto config =
      parse_config<nlohmann::json>(checkpoint.config, (checkpoint.folder / "config.json").string());
  if (is_true(config, "tie_word_embeddings")) return true;
  const auto text = config.find("text_config");
  return text != config.end() && text->is_object() && is_true(*text, "tie_word_embeddings");
}

}  // namespace

std::map<std::string, std::string> find_aliases(const Checkpoint& checkpoint,
                                                const std::map<std::string, std::string>& metadata) {
  std::map<std::string, std::string> aliases;
  for (const auto& [alias, stored] : metadata) {
    if (!checkpoint.find(alias) && checkpoint.find(stored)) aliases.emplace(alias, stored);
  }
  const bool ties = config_ties(checkpoint);
  for (const Pair& pair : pairs) {
    if (!ties && pair.tie == Tie::by_config) continue;
    if (checkpoint.find(pair.embedding) && !checkpoint.find(pair.tied)) {
      aliases.emplace(pair.tied, pair.embedding);
    }
  }
  return aliases;
}

bool is_usually_tied(const std::string& name) {
  for (const Pair& pair : pairs) {
    if (pair.tied == name) return true;
  }
  return false;
}

}  // namespace stockpot::checkpoint
