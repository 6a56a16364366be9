#pragma once

#include <span>
#include <vector>

namespace stockpot::kernel {

/// Kullback-Leibler divergence of the softmax of one row from that of another, S(p log(p / q)) with epsilon
/// added to every p and q: never below 0, where rounding alone would lead. The sums run in the order of
/// sum_lanes; exponentials and logarithms are the C library's, one by one: about 15 ns an element. Buffers
/// are kept between rows: of one thread.
class SoftmaxDivergence {
 public:
  explicit SoftmaxDivergence(double epsilon) : epsilon_(epsilon) {}
  /// 0 of rows without elements; NaN where a row has a value that is not finite. Throws std::invalid_argument
  /// for rows of different lengths.
  double of(std::span<const double> row, std::span<const double> from);

 private:
  double epsilon_;
  std::vector<double> p_;
  std::vector<double> q_;
};

}  // namespace stockpot::kernel
