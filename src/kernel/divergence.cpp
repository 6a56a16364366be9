#include "stockpot/kernel/divergence.hpp"

#include <algorithm>
#include <cmath>

#include "kernel/require.hpp"
#include "stockpot/kernel/sums.hpp"

namespace stockpot::kernel {
namespace {

/// exp(x - max) / S(exp(x - max)) + epsilon.
void softmax(std::span<const double> row, double epsilon, std::vector<double>& shares) {
  const double largest = *std::max_element(row.begin(), row.end());
  shares.resize(row.size());
  for (std::size_t e = 0; e < row.size(); ++e) shares[e] = std::exp(row[e] - largest);
  const double sum = lane_sum(shares);
  for (double& share : shares) {
    const double quotient = share / sum;
    share = quotient + epsilon;
  }
}

}  // namespace

double SoftmaxDivergence::of(std::span<const double> row, std::span<const double> from) {
  require(row.size() == from.size(), "softmax divergence: rows of different lengths");
  if (row.empty()) return 0.0;
  softmax(row, epsilon_, p_);
  softmax(from, epsilon_, q_);
  for (std::size_t e = 0; e < p_.size(); ++e) p_[e] = p_[e] * std::log(p_[e] / q_[e]);
  const double divergence = lane_sum(p_);
  return divergence <= 0.0 ? 0.0 : divergence;
}

}  // namespace stockpot::kernel
