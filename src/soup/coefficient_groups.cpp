#include "soup/coefficient_groups.hpp"

#include "stockpot/tensor/shape.hpp"

namespace stockpot::soup {
namespace {

std::string group_of(const std::string& tensor, recipe::Scope scope) {
  switch (scope) {
    case recipe::Scope::tensor:
      return tensor;
    case recipe::Scope::layer:
      return layer_of(tensor);
    case recipe::Scope::model:
      break;
  }
  return "model";
}

}  // namespace

CoefficientGroups group_tensors(const std::vector<std::string>& tensors, recipe::Scope scope) {
  std::map<std::string, std::vector<std::string>> members;
  for (const std::string& tensor : tensors) members[group_of(tensor, scope)].push_back(tensor);
  CoefficientGroups groups;
  for (const auto& [name, of_group] : members) {
    for (const std::string& tensor : of_group) groups.of_tensor[tensor] = groups.names.size();
    groups.names.push_back(name);
  }
  return groups;
}

}  // namespace stockpot::soup
