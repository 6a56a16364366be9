#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace stockpot::plan {

/// A tensor name cut at its first all-digit component: "model.layers." 7 ".mlp.up_proj.weight".
struct LayerName {
  std::string prefix;
  std::uint64_t layer = 0;
  std::string suffix;

  [[nodiscard]] std::string with_layer(std::uint64_t other) const {
    return prefix + std::to_string(other) + suffix;
  }
};
/// nullopt for a name without an all-digit component.
std::optional<LayerName> split_layer_name(const std::string& tensor_name);

/// Number of layers of every stack (by prefix) among some tensor names: highest layer + 1.
std::map<std::string, std::uint64_t> layer_counts(const std::vector<std::string>& tensor_names);

/// Depth of a tensor for gradients: layer / (layers - 1), 1 in a stack of one layer, 0 outside every stack
/// (mergekit's rule).
double depth_of(const std::string& tensor_name, const std::map<std::string, std::uint64_t>& layers_of_stack);

/// True for tensors that stand before the layers (embeddings), so that slices take them from their first
/// entry; the rest of what is in no layer stands after them (norms, heads). Told by the name: a component
/// that contains "emb", or is wte, wpe.
bool precedes_layers(const std::string& tensor_name);

}  // namespace stockpot::plan
