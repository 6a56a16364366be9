#include "stockpot/kernel/conjugate_gradients.hpp"

#include <cmath>

#include "kernel/require.hpp"

namespace stockpot::kernel {
namespace {

/// to += factor * step
void add_scaled(double factor, std::span<const double> step, std::span<double> to) {
  for (std::size_t e = 0; e < to.size(); ++e) to[e] += factor * step[e];
}

/// A direction from the one before: p = z + beta p.
void turn(std::span<const double> residual, double beta, std::span<double> direction) {
  for (std::size_t e = 0; e < direction.size(); ++e) direction[e] = residual[e] + beta * direction[e];
}

void precondition(std::span<const double> diagonal, std::span<const double> residual,
                  std::span<double> result) {
  for (std::size_t e = 0; e < result.size(); ++e) {
    result[e] = diagonal[e] == 0.0 ? residual[e] : residual[e] / diagonal[e];
  }
}

}  // namespace

ConjugateGradientsResult conjugate_gradients(const LinearOperator& apply, const InnerProduct& dot,
                                             std::span<double> rhs, std::span<double> solution,
                                             const ConjugateGradientsOptions& options) {
  const bool preconditioned = options.diagonal.has_value();
  require(rhs.size() == solution.size(), "conjugate gradients: lists of different lengths");
  require(!preconditioned || options.diagonal->size() == rhs.size(),
          "conjugate gradients: not a diagonal entry for each element");
  const std::span<double> residual = rhs;
  std::vector<double> direction(rhs.size());
  std::vector<double> product(rhs.size());  // holds the preconditioned residual between two products

  ConjugateGradientsResult result;
  result.rhs_norm = std::sqrt(dot(rhs, rhs));
  apply(solution, product);
  add_scaled(-1.0, product, residual);
  double squared_residual = dot(residual, residual);
  result.residual_norms.push_back(std::sqrt(squared_residual));
  double previous_rho = 0.0;
  while (result.iterations < options.iterations) {
    if (result.residual_norms.back() <= options.tolerance * result.rhs_norm) break;
    if (result.residual_norms.back() == 0.0) break;
    double rho = squared_residual;
    if (preconditioned) {
      precondition(*options.diagonal, residual, product);
      rho = dot(residual, product);
    }
    const double beta = result.iterations == 0 ? 0.0 : rho / previous_rho;
    turn(preconditioned ? std::span<const double>(product) : residual, beta, direction);
    apply(direction, product);
    const double curvature = dot(direction, product);
    if (!(curvature > 0.0)) break;
    const double step = rho / curvature;
    add_scaled(step, direction, solution);
    add_scaled(-step, product, residual);
    previous_rho = rho;
    squared_residual = dot(residual, residual);
    result.residual_norms.push_back(std::sqrt(squared_residual));
    ++result.iterations;
  }
  return result;
}

}  // namespace stockpot::kernel
