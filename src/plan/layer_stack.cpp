#include "stockpot/plan/layer_stack.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "stockpot/tensor/shape.hpp"

namespace stockpot::plan {

std::optional<LayerName> split_layer_name(const std::string& tensor_name) {
  const std::string head = layer_of(tensor_name);
  const std::size_t last_dot = head.rfind('.');
  const std::size_t digits_at = last_dot == std::string::npos ? 0 : last_dot + 1;
  std::uint64_t layer = 0;
  const auto [end, failure] = std::from_chars(head.data() + digits_at, head.data() + head.size(), layer);
  if (failure != std::errc{} || end != head.data() + head.size()) return std::nullopt;
  return LayerName{head.substr(0, digits_at), layer, tensor_name.substr(head.size())};
}

std::map<std::string, std::uint64_t> layer_counts(const std::vector<std::string>& tensor_names) {
  std::map<std::string, std::uint64_t> counts;
  for (const std::string& name : tensor_names) {
    if (const auto parts = split_layer_name(name)) {
      std::uint64_t& count = counts[parts->prefix];
      count = std::max(count, parts->layer + 1);
    }
  }
  return counts;
}

double depth_of(const std::string& tensor_name, const std::map<std::string, std::uint64_t>& layers_of_stack) {
  const auto parts = split_layer_name(tensor_name);
  if (!parts) return 0.0;
  const auto stack = layers_of_stack.find(parts->prefix);
  if (stack == layers_of_stack.end()) return 0.0;
  if (stack->second <= 1) return 1.0;
  return static_cast<double>(parts->layer) / static_cast<double>(stack->second - 1);
}

bool precedes_layers(const std::string& tensor_name) {
  std::string_view rest = tensor_name;
  while (!rest.empty()) {
    const std::size_t dot = rest.find('.');
    const std::string_view component = rest.substr(0, dot);
    if (component.find("emb") != std::string_view::npos || component == "wte" || component == "wpe")
      return true;
    rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
  }
  return false;
}

}  // namespace stockpot::plan
