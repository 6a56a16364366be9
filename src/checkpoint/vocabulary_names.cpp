#include "stockpot/checkpoint/vocabulary_names.hpp"

#include <algorithm>
#include <array>

namespace stockpot::checkpoint {
namespace {

/// Ends of names, from a dot or from the beginning.
constexpr std::array<std::string_view, 16> embeddings_and_heads{"embed_tokens.weight",
                                                                "wte.weight",
                                                                "embed_in.weight",
                                                                "word_embeddings.weight",
                                                                "shared.weight",
                                                                "tok_embeddings.weight",
                                                                "backbone.embeddings.weight",
                                                                "backbone.embedding.weight",
                                                                "lm_head.weight",
                                                                "lm_head.bias",
                                                                "embed_out.weight",
                                                                "predictions.decoder.weight",
                                                                "predictions.decoder.bias",
                                                                "lm_head.decoder.weight",
                                                                "lm_head.decoder.bias",
                                                                "generator_lm_head.weight"};

/// Too common as an end: attention has an output too.
constexpr std::array<std::string_view, 2> whole_names{"output.weight", "model.output.weight"};

}  // namespace

bool is_vocabulary_tensor(std::string_view name) {
  if (std::find(whole_names.begin(), whole_names.end(), name) != whole_names.end()) return true;
  return std::any_of(embeddings_and_heads.begin(), embeddings_and_heads.end(), [&](std::string_view end) {
    return name == end || (name.ends_with(end) && name[name.size() - end.size() - 1] == '.');
  });
}

}  // namespace stockpot::checkpoint
