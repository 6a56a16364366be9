#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "stockpot/probe/parameters.hpp"

namespace stockpot::probe {

/// One linear layer, by the places of its tensors in a list of parameters.
struct MlpLayer {
  std::string module;
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  std::size_t weight = 0;
  std::size_t bias = 0;
};

/// The layers 0, 1, ... of an MLP. Throws Error{input} naming the tensor at fault.
std::vector<MlpLayer> mlp_layers(const Parameters& parameters);

}  // namespace stockpot::probe
