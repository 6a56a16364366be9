#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "method/layer_equation.hpp"
#include "stockpot/kernel/panel_cholesky.hpp"
#include "stockpot/method/survey.hpp"

namespace stockpot::method {

/// The equations' matrix A = S(A_i), A_i = weight_i * (alpha G_i + (1 - alpha) diag(G_i)), and what it is
/// solved by. Held in memory, or in panels that a store keeps: that is decided by the order alone, as the
/// factor's bits differ.
class FactoredSum {
 public:
  FactoredSum() = default;
  FactoredSum(const FactoredSum&) = delete;
  FactoredSum& operator=(const FactoredSum&) = delete;
  virtual ~FactoredSum() = default;

  /// A becomes zero.
  virtual void begin() = 0;
  /// Adds one panel of every model's matrix, and the products with it to `product_sum` if there is an
  /// equation. Thread safe for different panels.
  virtual void add_panel(std::uint64_t panel, MatrixSource& source, const LayerEquation* equation,
                         std::span<double> product_sum) = 0;
  [[nodiscard]] virtual std::vector<double> diagonal() const = 0;
  /// Adds `ridge` to the diagonal; rows and columns of `dead`, ascending, become those of the identity.
  virtual void prepare(double ridge, std::span<const std::uint64_t> dead) = 0;
  /// False, and A is lost, if it has no Cholesky factor to working precision.
  [[nodiscard]] virtual bool factor() = 0;
  /// The columns B of every list become A^-1 B. @pre factor
  virtual void solve(std::span<const kernel::Columns> lists) = 0;
  virtual void release() = 0;
};

/// Panels of rows in which matrices are read.
std::uint64_t matrix_panels(std::uint64_t order);

/// Of the tensor's input matrices. `make_store` must live as long.
std::unique_ptr<FactoredSum> make_factored_sum(const TensorContext& tensor, const StoreMaker& make_store);

/// What one needs: see SurveyCost.
void add_factor_cost(const TensorContext& tensor, SurveyCost& cost);

}  // namespace stockpot::method
