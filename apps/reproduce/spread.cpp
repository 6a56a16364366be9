#include "spread.hpp"

#include <cmath>
#include <numeric>
#include <vector>

namespace stockpot::reproduce {

Spread spread(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  Spread result;
  result.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  if (values.size() < 2) return result;
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  result.deviation = std::sqrt(squares / (count - 1));
  return result;
}

PairedDifference paired_difference(std::span<const double> larger, std::span<const double> smaller) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < larger.size(); ++i) differences.push_back(larger[i] - smaller[i]);
  const Spread over_pairs = spread(differences);
  return {.mean = over_pairs.mean,
          .standard_error = over_pairs.deviation / std::sqrt(static_cast<double>(differences.size()))};
}

}  // namespace stockpot::reproduce
