#include "stockpot/kernel/weighted_sums.hpp"

#include <cstddef>

#include "kernel/require.hpp"

namespace stockpot::kernel {

void add_weighted_squares(std::span<const double> values, double weight, std::span<double> sums) {
  require(values.size() == sums.size(), "weighted squares: as many sums as values");
  for (std::size_t i = 0; i < values.size(); ++i) sums[i] += weight * (values[i] * values[i]);
}

void add_weighted(std::span<const double> values, double weight, std::span<double> sums) {
  require(values.size() == sums.size(), "weighted sums: as many sums as values");
  for (std::size_t i = 0; i < values.size(); ++i) sums[i] += weight * values[i];
}

void divide(std::span<double> values, double divisor) {
  for (double& value : values) value /= divisor;
}

}  // namespace stockpot::kernel
