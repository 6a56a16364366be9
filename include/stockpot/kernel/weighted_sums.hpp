#pragma once

#include <span>

namespace stockpot::kernel {

/// sums[i] += weight * (values[i] * values[i]), every operation rounded. Local, thread safe. Throws
/// std::invalid_argument for spans of different size, as all of these.
void add_weighted_squares(std::span<const double> values, double weight, std::span<double> sums);

/// sums[i] += weight * values[i], both operations rounded.
void add_weighted(std::span<const double> values, double weight, std::span<double> sums);

/// values[i] /= divisor, rounded.
void divide(std::span<double> values, double divisor);

}  // namespace stockpot::kernel
