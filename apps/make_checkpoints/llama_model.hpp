#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stockpot/io/safetensors.hpp"
#include "stockpot/tensor/dtype.hpp"

namespace stockpot::make_checkpoints {

/// Sizes of a Llama: what config.json says of it.
struct LlamaModel {
  std::uint64_t layers = 0;
  std::uint64_t hidden = 0;
  std::uint64_t intermediate = 0;
  std::uint64_t vocabulary = 0;
  std::uint64_t heads = 0;
  std::uint64_t key_value_heads = 0;
  bool tied = false;  ///< lm_head is the embedding and is not stored
  DType dtype = DType::bf16;
};

/// Throws Error{usage} for sizes that are no Llama (zero, heads that do not divide).
void check(const LlamaModel& model);

/// Name, dtype and shape of every stored tensor, in natural order of names.
std::vector<io::TensorHeader> tensors_of(const LlamaModel& model);

/// A small text file of a checkpoint folder.
struct CompanionFile {
  std::string name;
  std::string text;
};
/// config.json, generation_config.json and a tokenizer that `transformers` opens.
std::vector<CompanionFile> companion_files(const LlamaModel& model);

}  // namespace stockpot::make_checkpoints
