#pragma once

#include <span>
#include <vector>

#include "mlp_pass.hpp"

namespace stockpot::probe {

/// Squared gradients of one block of examples. The gradient of a weight is an outer product of an output
/// gradient d and an input x, so sum over labels of weight * (d x)^2 is (sum over labels of weight * d^2)
/// x^2: labels are summed per output first, and one product then serves all of them.
class MlpSquares {
 public:
  MlpSquares(const MlpNetwork& network, const MlpForward& forward);

  /// Rows come in order, in any number of parts.
  void add(std::span<const LabelRow> rows, const MlpBackward& backward);
  /// Adds the sums over labels to `sums`, example after example.
  void add_to(Parameters& sums) const;

 private:
  const MlpNetwork& network_;
  const MlpForward& forward_;
  std::vector<std::vector<double>> squares_;  ///< per layer [examples, outputs]
};

}  // namespace stockpot::probe
