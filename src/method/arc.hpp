#pragma once

#include "method/gram_survey.hpp"

namespace stockpot::method {

/// Angle between two vectors in radians, from the law of cosines; where they nearly agree from the length of
/// their difference, which loses no digits there. Lengths below `least_norm` count as that. 0 for a zero
/// vector and least_norm 0.
double angle_between(const Geometry& two_vectors, double least_norm);

/// Shares of two vectors at `t` of the way from the first (0) to the second (1).
struct Shares {
  double first = 0.0;
  double second = 0.0;
};
/// Along the straight line.
Shares line_shares(double t);
/// Along the great circle: sin((1 - t) angle) / sin(angle), sin(t angle) / sin(angle).
Shares arc_shares(double t, double angle);

}  // namespace stockpot::method
