#pragma once

#include <filesystem>
#include <vector>

#include "models.hpp"
#include "stockpot/comm/communicator.hpp"

namespace stockpot::reproduce {

/// Share of the examples whose class has the larger logit of the cell's two; of equal ones the first counts
/// as chosen.
double accuracy_in_pair(const probe::Probe& model, const Cell& cell, const Examples& examples);

/// Collective. Reads the model and gives its accuracy in each of these cells (indices), the cells shared out
/// to ranks; the same on every rank, whatever their number.
std::vector<double> accuracies(comm::Communicator& world, const std::filesystem::path& model,
                               const SeedCase& seed, Split split, const std::vector<std::size_t>& cells);

/// first, first + 1, ..., end - 1.
std::vector<std::size_t> range(std::size_t first, std::size_t end);

}  // namespace stockpot::reproduce
