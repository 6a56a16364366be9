#pragma once

#include <string_view>

namespace stockpot::checkpoint {

/// True for the names of token embeddings and output heads, biases of heads included: their rows are tokens.
bool is_vocabulary_tensor(std::string_view name);

}  // namespace stockpot::checkpoint
