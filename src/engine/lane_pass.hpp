#pragma once

#include "engine/job.hpp"
#include "stockpot/comm/communicator.hpp"

namespace stockpot::engine {

enum class PassEnd { finished, stopped };

/// Collective. Runs the units of this rank's row on as many lanes as the plan says, for grids of one column.
/// While lanes work, main threads meet a few times a second to learn of failures and stop requests anywhere
/// and to add up progress; every rank returns or throws alike.
PassEnd run_lane_pass(comm::Communicator& world, Job& job);

}  // namespace stockpot::engine
