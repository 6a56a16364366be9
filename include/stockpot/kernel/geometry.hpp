#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "stockpot/kernel/gram.hpp"

namespace stockpot::kernel {

/// Where each sum of the geometry of K models stands among those of a run of elements. Without a base model
/// there are three for each model.
class GeometryLayout {
 public:
  constexpr GeometryLayout(std::size_t models, bool has_base) : models_(models), has_base_(has_base) {}

  [[nodiscard]] constexpr std::size_t models() const { return models_; }
  [[nodiscard]] constexpr bool has_base() const { return has_base_; }
  [[nodiscard]] constexpr std::size_t width() const {
    return has_base_ ? first_product() + gram_width(models_) : 3 * models_;
  }
  /// Sum of x_i^2.
  [[nodiscard]] constexpr std::size_t squared_norm(std::size_t model) const { return model; }
  /// Number of elements that are zero.
  [[nodiscard]] constexpr std::size_t zeros(std::size_t model) const { return models_ + model; }
  /// Sum of (x_i - mean_j x_j)^2.
  [[nodiscard]] constexpr std::size_t squared_distance(std::size_t model) const {
    return 2 * models_ + model;
  }
  // With a base model b; task vectors are y_i = x_i - b.
  /// Sum of b^2.
  [[nodiscard]] constexpr std::size_t base_squared_norm() const { return 3 * models_; }
  /// Sum of (b - mean_j x_j)^2.
  [[nodiscard]] constexpr std::size_t base_squared_distance() const { return 3 * models_ + 1; }
  /// Number of elements where some y_i > 0 and another < 0.
  [[nodiscard]] constexpr std::size_t sign_conflicts() const { return 3 * models_ + 2; }
  /// Of gram_width(models) sums of y_i y_j, as `gram` gives them.
  [[nodiscard]] constexpr std::size_t first_product() const { return 3 * models_ + 3; }

 private:
  std::size_t models_;
  bool has_base_;
};

/// Sums over `count` elements (a leaf, none) of K = inputs.size() models, laid out as GeometryLayout says for
/// them and for a base model if `base.data` is not null. Differences are taken element by element, so nothing
/// cancels in a sum: with d_i = x_i - x_1 and m = (d_1 + d_2 + ...) / K, in the order of the models, x_i -
/// mean_j x_j is d_i - m, and b - mean_j x_j is (b - x_1) - m; every operation is rounded to double. The
/// order of each sum is that of sum_lanes (sums.hpp); element types may be mixed. Local, thread safe; O(count
/// K^2) time. Throws std::invalid_argument without a model, when `sums` hasn't that width or a dtype is not
/// mergeable.
void geometry(std::span<const TypedInput> inputs, TypedInput base, std::uint64_t count,
              std::span<double> sums);

}  // namespace stockpot::kernel
