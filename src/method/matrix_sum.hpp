#pragma once

#include <cstdint>
#include <vector>

#include "method/layer_equation.hpp"
#include "stockpot/method/survey.hpp"

namespace stockpot::method {

/// A = S(A_i) of a tensor's matrices A_i = weight_i * (alpha G_i + (1 - alpha) diag(G_i)), and with it the
/// right-hand side S(A_i X_i), panel by panel.
class MatrixSum {
 public:
  MatrixSum(std::uint64_t order, double alpha, std::vector<double> weights)
      : order_(order), alpha_(alpha), weights_(std::move(weights)) {}

  /// A becomes zero.
  void begin() { values_.assign(order_ * order_, 0.0); }
  void release() { values_ = {}; }
  /// Panels of rows, the parts in which all this is read.
  [[nodiscard]] std::uint64_t panels() const;
  /// Adds one panel of every model's matrix to A, and the products with it to `product_sum` if there is an
  /// equation. Thread safe for different panels.
  void add_panel(std::uint64_t panel, MatrixSource& source, const LayerEquation* equation,
                 std::span<double> product_sum);

  /// [order, order]; the lower triangle of A, until someone makes more of it.
  [[nodiscard]] double* data() { return values_.data(); }
  [[nodiscard]] double& diagonal(std::uint64_t row) { return values_[row * order_ + row]; }
  [[nodiscard]] double diagonal(std::uint64_t row) const { return values_[row * order_ + row]; }
  [[nodiscard]] std::uint64_t order() const { return order_; }
  [[nodiscard]] const std::vector<double>& weights() const { return weights_; }

  /// What is held for a matrix of so many rows, and by each lane that adds panels.
  static std::uint64_t bytes(std::uint64_t order) { return order * order * sizeof(double); }
  static std::uint64_t lane_bytes(const TensorContext& tensor);

 private:
  std::uint64_t order_;
  double alpha_;
  std::vector<double> weights_;
  std::vector<double> values_;
};

}  // namespace stockpot::method
