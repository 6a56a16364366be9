#pragma once

#include "stockpot/comm/mpi.hpp"

namespace stockpot::test {

/// The runtime that main initialised.
comm::MpiRuntime& mpi_runtime();

}  // namespace stockpot::test
