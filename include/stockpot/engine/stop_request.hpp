#pragma once

#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/options.hpp"

namespace stockpot::engine {

/// Collective. Throws Error{stopped} on every rank if any was asked to stop; what was done can be continued.
void check_stop_request(comm::Communicator& world, const RunOptions& options);

/// Throws that error.
[[noreturn]] void raise_stopped(const RunOptions& options);

}  // namespace stockpot::engine
