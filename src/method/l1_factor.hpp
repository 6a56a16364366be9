#pragma once

namespace stockpot::method {

/// What mergekit multiplies the kept entries of a task vector by: |d|_1 / |kept d|_1, or 1 where one of the
/// norms is below 1e-7 (mergekit/sparsify.py).
inline double l1_factor(double all, double kept) {
  constexpr double smallest_norm = 1e-7;
  return all < smallest_norm || kept < smallest_norm ? 1.0 : all / kept;
}

}  // namespace stockpot::method
