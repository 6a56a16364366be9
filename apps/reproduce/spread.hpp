#pragma once

#include <span>

namespace stockpot::reproduce {

/// Mean and standard deviation (n - 1 in the denominator; 0 for one value). @pre not empty
struct Spread {
  double mean = 0;
  double deviation = 0;
};
Spread spread(std::span<const double> values);

/// Of the differences larger_i - smaller_i: their mean, and the standard error of that. @pre equal sizes, not
/// empty
struct PairedDifference {
  double mean = 0;
  double standard_error = 0;
};
PairedDifference paired_difference(std::span<const double> larger, std::span<const double> smaller);

}  // namespace stockpot::reproduce
