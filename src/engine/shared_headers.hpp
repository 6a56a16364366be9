#pragma once

#include <cstdint>
#include <vector>

#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/options.hpp"
#include "stockpot/plan/model_set.hpp"

namespace stockpot::engine {

/// Collective. Headers of every model, on every rank. Each model is opened by the first rank of the column
/// that reads it; other ranks need not see it, unless its path has a placeholder: then every rank of its
/// column opens its own copy. Throws the same Error on every rank: all that a rank finds wrong, or the file
/// in which a rank's copy differs from the first one. Cost: one reading of the headers and one broadcast a
/// column.
std::vector<checkpoint::Checkpoint> share_headers(comm::Communicator& world,
                                                  const std::vector<plan::ModelUse>& uses,
                                                  const plan::GridShape& grid, const WarningSink& warn);

}  // namespace stockpot::engine
