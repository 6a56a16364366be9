#include "method/arc.hpp"

#include <algorithm>
#include <cmath>

namespace stockpot::method {

double angle_between(const Geometry& two_vectors, double least_norm) {
  const double first = std::max(two_vectors.gram.norm(0), least_norm);
  const double second = std::max(two_vectors.gram.norm(1), least_norm);
  if (first == 0.0 || second == 0.0) return 0.0;
  const double cosine = std::clamp(two_vectors.gram.dot(0, 1) / (first * second), -1.0, 1.0);
  constexpr double near_agreement = 0.9;
  const bool true_lengths = first == two_vectors.gram.norm(0) && second == two_vectors.gram.norm(1);
  if (cosine < near_agreement || !two_vectors.squared_difference || !true_lengths) return std::acos(cosine);
  // The chord between the unit vectors: |u - v|^2 = (|a - b|^2 - (|a| - |b|)^2) / (|a| |b|).
  const double longer = first - second;
  const double squared_chord =
      std::max(0.0, (*two_vectors.squared_difference - longer * longer) / (first * second));
  return 2.0 * std::atan2(std::sqrt(squared_chord), std::sqrt(4.0 - squared_chord));
}

Shares line_shares(double t) {
  return {1.0 - t, t};
}

Shares arc_shares(double t, double angle) {
  const double sine = std::sin(angle);
  return {std::sin((1.0 - t) * angle) / sine, std::sin(t * angle) / sine};
}

}  // namespace stockpot::method
