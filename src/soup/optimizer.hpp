#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace stockpot::soup {

/// A place in the unit cube: coordinates from 0 to 1.
using Point = std::vector<double>;

/// Looks for the maximum of a function on the unit cube that it knows the answered points of alone. Libraries
/// that call the function themselves are run anew from their beginning for every batch, so that an optimiser
/// is a function of the scores, without state. Local, pure.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// The batch of points that comes after those that `scores` answer, in order; empty when it has converged.
  /// No point of a batch depends on the score of another one of it. Costs one run of the algorithm over
  /// `scores`. Throws Error{usage} for what the library refuses. @pre `scores` answer whole batches
  [[nodiscard]] virtual std::vector<Point> asks(std::span<const double> scores) const = 0;
  /// Whether what it asks for after a batch may well be the same for other scores of that batch.
  [[nodiscard]] virtual bool foresees_batches() const = 0;
};

/// How many points a generation of CMA-ES has: 4 + floor(3 ln d) (Hansen: The CMA evolution strategy, 2016),
/// fewer where `budget` doesn't pay for four such generations, and never below 5.
std::uint64_t generation_size(std::size_t dimensions, std::uint64_t budget);

/// CMA-ES of pagmo2; a batch is a generation. The first one is drawn around `start` with a standard deviation
/// of 0.3. A run that has converged (a draw moves by less than 1e-5, or three generations in a row have one
/// score throughout) is followed by another one around a random point, with generations twice as large as
/// long as `budget` pays for ten of them (Auger, Hansen: A restart CMA evolution strategy with increasing
/// population size; CEC 2005). A draw outside of the cube is moved to its face,
/// so that values at the end of a range are found exactly.
std::unique_ptr<const Optimizer> make_evolution(Point start, std::uint64_t budget, std::uint64_t seed);

/// Subplex (Rowan 1990) as NLopt has it (LN_SBPLX): a deterministic local search by simplices in subspaces,
/// which needs no smoothness. Its first simplex goes from `start` by `steps`, one for each coordinate, signs
/// included; it has converged when it moves by less than `tolerances`. A batch is one point.
std::unique_ptr<const Optimizer> make_subplex(Point start, std::vector<double> steps,
                                              std::vector<double> tolerances);

}  // namespace stockpot::soup
