#pragma once

#include <map>
#include <string>

#include "stockpot/checkpoint/checkpoint.hpp"

namespace stockpot::checkpoint {

/// Names that the model uses but does not store -> the stored tensor each equals: from `metadata`, where
/// safetensors' save_model records {absent: stored}, and from config.json's `tie_word_embeddings: true`.
/// @pre tensors of `checkpoint` are sorted
std::map<std::string, std::string> find_aliases(const Checkpoint& checkpoint,
                                                const std::map<std::string, std::string>& metadata);

/// True for names that tied models leave out in favour of an embedding.
bool is_usually_tied(const std::string& name);

}  // namespace stockpot::checkpoint
