#include "method/mats_iterations.hpp"

#include "stockpot/kernel/sums.hpp"
#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::method {

MatsIterations::MatsIterations(const TensorContext& tensor)
    : uses_diagonal_(tensor.values.words.at("preconditioner") == "jacobi") {
  options_.iterations = static_cast<std::uint64_t>(tensor.values.number("iterations"));
  options_.tolerance = tensor.values.number("tolerance");
}

void MatsIterations::run(const kernel::LinearOperator& apply, const std::vector<ProductLeaf>& leaves,
                         std::uint64_t leaf_count, std::span<double> rhs, std::span<double> unknown,
                         const std::function<std::vector<double>()>& diagonal, stats::Reducer& reducer) {
  const auto dot = [&](std::span<const double> a, std::span<const double> b) {
    LeafSums sums(leaf_count, 1);
    for (const ProductLeaf& leaf : leaves) {
      const double sum =
          kernel::sum_of_products(a.subspan(leaf.offset, leaf.count), b.subspan(leaf.offset, leaf.count));
      sums.add(leaf.number, std::span(&sum, 1));
    }
    return reducer.total(sums).front();
  };
  std::vector<double> scale;
  if (uses_diagonal_) {
    scale = diagonal();
    options_.diagonal = scale;
  }
  result_ = kernel::conjugate_gradients(apply, dot, rhs, unknown, options_);
  options_.diagonal.reset();
}

Diagnostics MatsIterations::diagnostics() const {
  return {{"iterations", result_.iterations},
          {"rhs_norm", result_.rhs_norm},
          {"residual_norms", result_.residual_norms}};
}

}  // namespace stockpot::method
