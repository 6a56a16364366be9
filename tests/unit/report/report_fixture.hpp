#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "stockpot/base/digest.hpp"
#include "stockpot/comm/threads.hpp"
#include "stockpot/io/file.hpp"
#include "support/checkpoint_builder.hpp"
#include "support/temporary_folder.hpp"

namespace stockpot::report {

/// What `body` gives on each of `ranks` ranks.
inline std::vector<std::string> on_ranks(int ranks,
                                         const std::function<std::string(comm::Communicator&)>& body) {
  std::vector<std::string> texts(static_cast<std::size_t>(ranks));
  comm::run_threads(
      ranks, [&](comm::Communicator& world) { texts[static_cast<std::size_t>(world.rank())] = body(world); });
  return texts;
}

/// The tensor digest as the contract words it.
inline Digest expected_digest(const std::vector<std::byte>& bytes) {
  constexpr std::size_t block = 4194304;
  std::string of_blocks;
  for (std::size_t begin = 0; begin < bytes.size(); begin += block) {
    const auto part = std::span(bytes).subspan(begin, std::min(block, bytes.size() - begin));
    for (const std::uint8_t byte : digest_of(part).bytes) of_blocks += static_cast<char>(byte);
  }
  return digest_of(std::string_view(of_blocks));
}

/// The model digest as the contract words it.
inline std::string expected_model_digest(const test::CheckpointBuilder& model) {
  std::string text;
  for (const auto& [name, tensor] : model.tensors()) {
    text += name + " " + std::string(stockpot::name(tensor.dtype)) + " ";
    std::string comma;
    for (const std::uint64_t dimension : tensor.shape) {
      text += comma + std::to_string(dimension);
      comma = ",";
    }
    text += " " + expected_digest(tensor.bytes).hex() + "\n";
  }
  return digest_of(std::string_view(text)).hex();
}

/// A model with every kind of tensor: several digest blocks, sub-byte, integer, scalar and empty ones.
inline test::CheckpointBuilder varied_model() {
  test::CheckpointBuilder model;
  model.add_random("model.embed_tokens.weight", DType::bf16, {700, 4001}, 1)
      .add_random("model.layers.0.mlp.weight", DType::f32, {7, 31}, 2)
      .add_random("model.layers.1.mlp.weight", DType::f32, {7, 31}, 3)
      .add_random("model.layers.10.mlp.weight", DType::f16, {64, 64}, 4)
      .add_random("model.position_ids", DType::i64, {1, 77}, 5)
      .add("model.scale", DType::f64, {}, {0.0})
      .add("model.nothing", DType::f32, {0, 4}, {})
      .add_raw("model.packed", DType::f4, {6}, {std::byte{0x00}, std::byte{0x8f}, std::byte{0x18}})
      .add("model.zeros", DType::bf16, {3, 3}, {0, -0.0, 1, 2, 3, 4, 5, 0, 6});
  return model;
}

/// A manifest as a merge writes it, for a model whose tensors lie in `files`.
inline nlohmann::json manifest_of(const test::CheckpointBuilder& model,
                                  const std::map<std::string, std::string>& files) {
  nlohmann::json tensors = nlohmann::json::object();
  for (const auto& [name, tensor] : model.tensors()) {
    tensors[name] = {{"dtype", stockpot::name(tensor.dtype)},
                     {"shape", tensor.shape},
                     {"file", files.at(name)},
                     {"digest", expected_digest(tensor.bytes).hex()}};
  }
  return {{"format_version", 1},
          {"stockpot", "0.1.0"},
          {"recipe_digest", std::string(32, 'a')},
          {"semantics", "mergekit"},
          {"seed", 7},
          {"method", "linear"},
          {"models", nlohmann::json::array()},
          {"tensors", tensors},
          {"diagnostics", nlohmann::json::object()},
          {"density", nlohmann::json::object()},
          {"library_results", nlohmann::json::array()}};
}

}  // namespace stockpot::report
