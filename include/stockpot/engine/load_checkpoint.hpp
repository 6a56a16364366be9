#pragma once

#include <string>

#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/options.hpp"

namespace stockpot::engine {

/// Collective. Rank 0 locates a model and reads its headers, all ranks get them. An existing path is taken as
/// it stands, whatever characters it has.
checkpoint::Checkpoint load_checkpoint(comm::Communicator& world, const std::string& reference,
                                       const ReadOptions& options);

/// Local. Headers of the model at `path`; what is tolerated goes to options.warn.
checkpoint::Checkpoint open_with_warnings(const std::filesystem::path& path, const std::string& reference,
                                          const ReadOptions& options);

}  // namespace stockpot::engine
