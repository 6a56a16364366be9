#include "stockpot/stats/geometry_sums.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace stockpot::stats {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

double share_of(double count, std::uint64_t elements) {
  return elements == 0 ? not_a_number : count / static_cast<double>(elements);
}

/// Of two task vectors that are not zero; dividing twice keeps the product of norms from underflow.
double cosine_of(double dot, double norm, double other_norm) {
  const double cosine = dot / norm / other_norm;
  return std::isnan(cosine) ? not_a_number : std::clamp(cosine, -1.0, 1.0);
}

Geometry::AroundBase around_base(const GeometryTotal& total) {
  constexpr double degrees = 180.0 / std::numbers::pi;
  const GeometryLayout& layout = total.layout();
  const std::span<const double> sums = total.sums();
  const std::size_t models = layout.models();
  Geometry::AroundBase base;
  base.norm = std::sqrt(sums[layout.base_squared_norm()]);
  base.distance_to_center = std::sqrt(sums[layout.base_squared_distance()]);
  base.sign_conflict = share_of(sums[layout.sign_conflicts()], total.elements());
  base.gram.resize(models * models);
  base.cosine.assign(models * models, not_a_number);
  base.angle = base.cosine;
  for (std::size_t i = 0; i < models; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const double dot = sums[layout.first_product() + kernel::gram_index(i, j)];
      base.gram[i * models + j] = base.gram[j * models + i] = dot;
    }
    base.task_norm.push_back(std::sqrt(base.gram[i * models + i]));
  }
  for (std::size_t i = 0; i < models; ++i) {
    if (!(base.task_norm[i] > 0.0)) continue;
    base.cosine[i * models + i] = 1.0;
    base.angle[i * models + i] = 0.0;
    for (std::size_t j = 0; j < i; ++j) {
      if (!(base.task_norm[j] > 0.0)) continue;
      const double cosine = cosine_of(base.gram[i * models + j], base.task_norm[i], base.task_norm[j]);
      base.cosine[i * models + j] = base.cosine[j * models + i] = cosine;
      base.angle[i * models + j] = base.angle[j * models + i] = std::acos(cosine) * degrees;
    }
  }
  return base;
}

}  // namespace

void GeometryTotal::add(const GeometryTotal& other) {
  elements_ += other.elements_;
  for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += other.sums_[i];
}

Geometry geometry_of(const GeometryTotal& total) {
  const GeometryLayout& layout = total.layout();
  const std::span<const double> sums = total.sums();
  Geometry geometry;
  geometry.elements = total.elements();
  for (std::size_t i = 0; i < layout.models(); ++i) {
    geometry.norm.push_back(std::sqrt(sums[layout.squared_norm(i)]));
    geometry.sparsity.push_back(share_of(sums[layout.zeros(i)], total.elements()));
    geometry.distance_to_center.push_back(std::sqrt(sums[layout.squared_distance(i)]));
  }
  if (layout.has_base()) geometry.base = around_base(total);
  return geometry;
}

}  // namespace stockpot::stats
