#pragma once

#include <vector>

#include "cost.hpp"
#include "method_grids.hpp"
#include "models.hpp"

namespace stockpot::reproduce {

/// Means over cells of the accuracy in the cell's pair.
struct Scores {
  double validation = 0;      ///< of the held-in cells' validation images: what hyperparameters are chosen by
  double held_in = 0;         ///< of the held-in cells' test images
  double generalization = 0;  ///< of other cells' test images
};

/// Collective. Of a model; `held_in` and `others` are indices of cells.
Scores score(comm::Communicator& world, const std::filesystem::path& model, const SeedCase& seed,
             const std::vector<std::size_t>& held_in, const std::vector<std::size_t>& others);

struct Outcome {
  Candidate candidate;
  Scores scores;
  Cost cost;  ///< of the merge; statistics are collected before
};

/// Collective. Merges the models of the held-in cells by every candidate of a method, each into a folder of
/// its own below `out`, opens each result again and scores it.
std::vector<Outcome> try_all(comm::Communicator& world, const SeedCase& seed, const MethodGrid& grid,
                             const std::vector<std::size_t>& held_in, const std::vector<std::size_t>& others,
                             const std::filesystem::path& out);

/// The candidate with the best validation score; of equal ones the first. @pre not empty
const Outcome& best(const std::vector<Outcome>& outcomes);

}  // namespace stockpot::reproduce
