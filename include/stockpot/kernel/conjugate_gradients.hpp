#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace stockpot::kernel {

/// The caller's share of an unknown that may lie on several ranks, as a flat list in any fixed order; for a
/// matrix equation a whole matrix V. product = A(vector) may communicate and must overwrite its output.
using LinearOperator = std::function<void(std::span<const double> vector, std::span<double> product)>;
/// Inner product of whole vectors, of which each rank passes its share: the same bits on every rank.
using InnerProduct = std::function<double(std::span<const double> a, std::span<const double> b)>;

struct ConjugateGradientsOptions {
  std::uint64_t iterations = 100;
  double tolerance = 1e-5;  ///< stop before an iteration if |r| <= tolerance |b|; 0: only if r = 0
  /// Jacobi preconditioner: the share of the operator's diagonal, an entry 0 counts as 1. All ranks or none.
  std::optional<std::span<const double>> diagonal;
};

struct ConjugateGradientsResult {
  std::uint64_t iterations = 0;
  double rhs_norm = 0.0;               ///< |b|
  std::vector<double> residual_norms;  ///< |r_0|, ..., |r_iterations|, of the recurrence
};

/// Conjugate gradients (Hestenes and Stiefel, 1952; the recurrence of scipy.sparse.linalg.cg) on A x = b for
/// a symmetric positive semidefinite A. `rhs` holds b, and the last residual on return; `solution` holds the
/// start x_0, and the last iterate on return. Every product and sum over elements is rounded to double on its
/// own. Also stops, before the iteration, where p^T A p is not positive: b is then solved as far as A
/// reaches, or A is not semidefinite. Collective if `apply` and `dot` are: all ranks do the same number of
/// steps. One product each iteration and one at the start; two vectors of memory beside the arguments. Throws
/// std::invalid_argument for lists of different lengths.
ConjugateGradientsResult conjugate_gradients(const LinearOperator& apply, const InnerProduct& dot,
                                             std::span<double> rhs, std::span<double> solution,
                                             const ConjugateGradientsOptions& options);

}  // namespace stockpot::kernel
