#include "stockpot/probe/parameters.hpp"

namespace stockpot::probe {

Parameters zeros(std::span<const NamedShape> tensors) {
  Parameters parameters;
  parameters.reserve(tensors.size());
  for (const NamedShape& tensor : tensors) {
    parameters.push_back(
        {tensor.name, tensor.shape, std::vector<double>(element_count(tensor.shape).value())});
  }
  return parameters;
}

}  // namespace stockpot::probe
