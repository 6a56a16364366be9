#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "method/solved_elements.hpp"
#include "stockpot/kernel/conjugate_gradients.hpp"
#include "stockpot/method/survey.hpp"

namespace stockpot::method {

/// Leaves of inner products: a stretch of this rank's flat lists, and its number in the whole tensor.
struct ProductLeaf {
  std::uint64_t number = 0;
  std::uint64_t offset = 0;
  std::uint64_t count = 0;
};

/// The iterations of `mats` on what this rank has of a tensor, and what they report.
class MatsIterations {
 public:
  explicit MatsIterations(const TensorContext& tensor);

  /// Collective over the ranks of the scope. `rhs` is lost; `unknown` holds the start, and the result on
  /// return. `diagonal` is asked for the operator's if it is the preconditioner.
  void run(const kernel::LinearOperator& apply, const std::vector<ProductLeaf>& leaves,
           std::uint64_t leaf_count, std::span<double> rhs, std::span<double> unknown,
           const std::function<std::vector<double>()>& diagonal, stats::Reducer& reducer);
  [[nodiscard]] Diagnostics diagnostics() const;

 private:
  bool uses_diagonal_;
  kernel::ConjugateGradientsOptions options_;
  kernel::ConjugateGradientsResult result_;
};

}  // namespace stockpot::method
