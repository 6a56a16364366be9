#pragma once

#include <vector>

#include "cost.hpp"
#include "method_grids.hpp"
#include "models.hpp"

namespace stockpot::reproduce {

/// Collective. Collects one kind of statistics of these cells' models from their training data, each into
/// `statistics_path`. @pre statistic != Statistic::none
Cost collect_statistics(comm::Communicator& world, const SeedCase& seed,
                        const std::vector<std::size_t>& cells, Statistic statistic);

}  // namespace stockpot::reproduce
