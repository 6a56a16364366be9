#pragma once

#include "engine/job.hpp"
#include "engine/lane_pass.hpp"
#include "stockpot/comm/communicator.hpp"

namespace stockpot::engine {

/// Collective. The pass for grids of several columns, where the ranks of a row hold different models. Every
/// column reads its own models' tiles of each unit; then, as the plan says, tiles travel to the unit's owner,
/// or running sums pass from column to column in recipe order. Same bytes as run_lane_pass. All ranks meet
/// after a fixed number of steps, so that failures and stop requests are known to all and no rank waits for
/// one that has given up: a rank that fails keeps step without reading or writing.
PassEnd run_grid_pass(comm::Communicator& world, Job& job);

}  // namespace stockpot::engine
