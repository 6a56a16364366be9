#pragma once

#include <span>
#include <string>
#include <vector>

#include "stockpot/tensor/shape.hpp"

namespace stockpot::probe {

/// A tensor in double, row-major.
struct NamedTensor {
  std::string name;
  Shape shape;
  std::vector<double> values;
};

/// The tensors of a model, or one value per parameter (a gradient), in an order that the owner chose.
using Parameters = std::vector<NamedTensor>;

struct NamedShape {
  std::string name;
  Shape shape;

  friend bool operator==(const NamedShape&, const NamedShape&) = default;
};

/// Every value 0.
Parameters zeros(std::span<const NamedShape> tensors);

}  // namespace stockpot::probe
