#include "mlp_layers.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <utility>

#include "stockpot/base/error.hpp"

namespace stockpot::probe {
namespace {

[[noreturn]] void refuse(const std::string& tensor, const std::string& message) {
  throw Error(ExitCode::input, message, {.file = {}, .tensor = tensor});
}

std::string weight_name(std::size_t layer) {
  return fmt::format("layers.{}.weight", layer);
}
std::string bias_name(std::size_t layer) {
  return fmt::format("layers.{}.bias", layer);
}

using Places = std::map<std::string, std::size_t>;

Places places_of(const Parameters& parameters) {
  Places places;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const NamedTensor& tensor = parameters[i];
    if (!places.emplace(tensor.name, i).second) refuse(tensor.name, "is given twice");
    if (element_count(tensor.shape) != tensor.values.size()) {
      refuse(tensor.name,
             fmt::format("has shape {} and {} values", to_string(tensor.shape), tensor.values.size()));
    }
  }
  return places;
}

/// Layers that have a weight or a bias, counted from 0 up to the first that has neither.
std::size_t count_layers(const Places& places) {
  std::size_t layers = 0;
  while (places.contains(weight_name(layers)) || places.contains(bias_name(layers))) ++layers;
  return layers;
}

std::size_t place(const Places& places, const std::string& name) {
  const auto found = places.find(name);
  if (found == places.end())
    refuse(name, "is missing: an mlp has layers.N.weight and layers.N.bias, N = 0, 1, ...");
  return found->second;
}

void check_shapes(const Parameters& parameters, const MlpLayer& layer, const MlpLayer* before) {
  const NamedTensor& weight = parameters[layer.weight];
  const NamedTensor& bias = parameters[layer.bias];
  if (layer.inputs == 0 || layer.outputs == 0) refuse(weight.name, "has no elements");
  if (before != nullptr && layer.inputs != before->outputs) {
    refuse(weight.name,
           fmt::format("takes {} inputs, but {} gives {}", layer.inputs, before->module, before->outputs));
  }
  if (bias.shape != Shape{layer.outputs}) {
    refuse(bias.name,
           fmt::format("has shape {}, but its weight has {} rows", to_string(bias.shape), layer.outputs));
  }
}

}  // namespace

std::vector<MlpLayer> mlp_layers(const Parameters& parameters) {
  const Places places = places_of(parameters);
  const std::size_t count = count_layers(places);
  std::vector<MlpLayer> layers;
  for (std::size_t n = 0; n == 0 || n < count; ++n) {
    MlpLayer layer{.module = fmt::format("layers.{}", n),
                   .weight = place(places, weight_name(n)),
                   .bias = place(places, bias_name(n))};
    const Shape& shape = parameters[layer.weight].shape;
    if (shape.size() != 2) {
      refuse(weight_name(n), fmt::format("has shape {}: a weight is [out, in]", to_string(shape)));
    }
    layer.outputs = shape[0];
    layer.inputs = shape[1];
    check_shapes(parameters, layer, layers.empty() ? nullptr : &layers.back());
    layers.push_back(std::move(layer));
  }
  if (parameters.size() > 2 * layers.size()) {
    Places unknown = places;
    for (std::size_t n = 0; n < layers.size(); ++n) {
      unknown.erase(weight_name(n));
      unknown.erase(bias_name(n));
    }
    const std::string& name = unknown.begin()->first;
    refuse(name, fmt::format("is no tensor of this mlp, whose layers are 0 to {}", layers.size() - 1));
  }
  return layers;
}

}  // namespace stockpot::probe
