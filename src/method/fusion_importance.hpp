#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stockpot/kernel/divergence.hpp"
#include "stockpot/kernel/linear_form.hpp"

namespace stockpot::method {

/// |x - b| times the divergence of its row: what Arcee Fusion ranks entries by. Buffers are kept between
/// calls: of one thread.
class FusionImportance {
 public:
  explicit FusionImportance(std::uint64_t row_length) : row_length_(row_length), divergence_(epsilon) {}
  /// Of `count` elements, whole rows. Valid until the next call.
  std::span<const double> of(kernel::TypedInput x, kernel::TypedInput b, std::uint64_t count);

 private:
  static constexpr double epsilon = 1e-8;  ///< mergekit's, added to each softmax

  std::uint64_t row_length_;
  kernel::SoftmaxDivergence divergence_;
  std::vector<double> x_;
  std::vector<double> b_;
  std::vector<double> importances_;
};

}  // namespace stockpot::method
