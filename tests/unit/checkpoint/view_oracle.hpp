#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "stockpot/tensor/shape.hpp"

namespace stockpot::checkpoint {

/// A tensor in memory, cut and joined element by element: what views are compared with.
struct Dense {
  Shape shape;
  std::vector<double> values;

  /// Elements before, in and behind a dimension.
  struct Extent {
    std::uint64_t outer = 1;
    std::uint64_t size = 1;
    std::uint64_t inner = 1;
  };
  [[nodiscard]] Extent extent(std::size_t dim) const {
    Extent extent;
    for (std::size_t i = 0; i < dim; ++i) extent.outer *= shape[i];
    extent.size = shape[dim];
    for (std::size_t i = dim + 1; i < shape.size(); ++i) extent.inner *= shape[i];
    return extent;
  }
};

inline Dense cut(const Dense& whole, std::size_t dim, std::uint64_t first, std::uint64_t size) {
  const Dense::Extent extent = whole.extent(dim);
  Dense piece{whole.shape, {}};
  piece.shape[dim] = size;
  for (std::uint64_t outer = 0; outer < extent.outer; ++outer) {
    for (std::uint64_t i = first; i < first + size; ++i) {
      for (std::uint64_t inner = 0; inner < extent.inner; ++inner) {
        piece.values.push_back(whole.values[(outer * extent.size + i) * extent.inner + inner]);
      }
    }
  }
  return piece;
}

inline Dense join(const std::vector<Dense>& pieces, std::size_t dim) {
  Dense whole{pieces.front().shape, {}};
  whole.shape[dim] = 0;
  for (const Dense& piece : pieces) whole.shape[dim] += piece.shape[dim];
  const Dense::Extent extent = whole.extent(dim);
  for (std::uint64_t outer = 0; outer < extent.outer; ++outer) {
    for (const Dense& piece : pieces) {
      const std::uint64_t run = piece.shape[dim] * extent.inner;
      for (std::uint64_t i = 0; i < run; ++i) whole.values.push_back(piece.values[outer * run + i]);
    }
  }
  return whole;
}

}  // namespace stockpot::checkpoint
