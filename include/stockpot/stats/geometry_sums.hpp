#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "stockpot/kernel/geometry.hpp"

namespace stockpot::stats {

using kernel::GeometryLayout;

/// The sums of kernel::geometry over all elements of a tensor, a layer or a model. Tensors' sums come from
/// the fixed tree over their leaves; those of what holds several tensors are theirs, added one after the
/// other in bytewise order of the tensors' names.
class GeometryTotal {
 public:
  /// Of nothing.
  explicit GeometryTotal(GeometryLayout layout) : layout_(layout), sums_(layout.width(), 0.0) {}
  /// @pre sums.size() == layout.width()
  GeometryTotal(GeometryLayout layout, std::uint64_t elements, std::vector<double> sums)
      : layout_(layout), elements_(elements), sums_(std::move(sums)) {}

  /// Adds the sums of more elements behind these. @pre the same layout
  void add(const GeometryTotal& other);

  [[nodiscard]] const GeometryLayout& layout() const { return layout_; }
  [[nodiscard]] std::uint64_t elements() const { return elements_; }
  [[nodiscard]] std::span<const double> sums() const { return sums_; }

 private:
  GeometryLayout layout_;
  std::uint64_t elements_ = 0;
  std::vector<double> sums_;
};

/// How K models lie around their mean, and around a base model where there is one. Matrices are K x K, row by
/// row.
struct Geometry {
  struct AroundBase {
    double norm = 0.0;
    double distance_to_center = 0.0;
    std::vector<double> task_norm;
    std::vector<double> gram;  ///< of the task vectors
    /// Clamped to [-1, 1]; NaN in row and column of a zero vector, else exactly 1 in the diagonal.
    std::vector<double> cosine;
    std::vector<double> angle;   ///< in degrees; the diagonal 0 or NaN
    double sign_conflict = 0.0;  ///< share of elements where task vectors have both signs
  };

  std::uint64_t elements = 0;
  std::vector<double> norm;
  std::vector<double> sparsity;  ///< share of zeros; NaN without elements, like sign_conflict
  std::vector<double> distance_to_center;
  std::optional<AroundBase> base;
};

/// Pure; O(K^2).
Geometry geometry_of(const GeometryTotal& total);

}  // namespace stockpot::stats
