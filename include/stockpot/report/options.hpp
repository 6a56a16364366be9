#pragma once

#include "stockpot/engine/options.hpp"

namespace stockpot::report {

/// How a command reads checkpoints.
using Options = engine::ReadOptions;

}  // namespace stockpot::report
