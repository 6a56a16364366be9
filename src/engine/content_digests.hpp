#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/job.hpp"
#include "stockpot/comm/communicator.hpp"

namespace stockpot::engine {

/// Digests of whole tensors and models, put together from the units of all ranks.
struct ContentDigests {
  std::vector<Digest> output;             ///< by task; only of tasks that write
  std::vector<std::string> model_digest;  ///< by model, hex; empty for a model that contributes nothing
};

/// Collective. Gathers every rank's unit records on rank 0, which alone gets the digests; others get empty
/// ones. Statistics must come from the very models that were merged: else Error{input} on every rank, naming
/// the file that says another model_digest.
ContentDigests gather_digests(comm::Communicator& world, Job& job);

}  // namespace stockpot::engine
