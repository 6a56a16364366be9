#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/load_models.hpp"
#include "stockpot/engine/options.hpp"

/// Runs merges. Agreement points, where every rank learns of any rank's failure: after the recipe, after the
/// headers, after the output is claimed, several times a second while elements move, before the commit, after
/// it. Between them no rank waits for another.
namespace stockpot::engine {

/// What a finished job tells its caller.
struct MergeSummary {
  bool was_finished =
      false;  ///< `--resume` found a finished output: nothing was done (the caller verifies it)
  bool resumed = false;
  std::uint64_t tensors = 0;
  std::uint64_t tensor_bytes = 0;
  std::uint64_t read_bytes = 0;  ///< all ranks
  std::uint64_t nonfinite = 0;   ///< elements, where the policy allows them
  double seconds = 0.0;          ///< from the recipe to the published output
};

/// Collective. Merges what `loaded` describes into `options.output` and publishes it. Throws on every rank
/// alike: CollectiveError with the exit code; Error{stopped} after a stop request, with everything done so
/// far journaled for `--resume`.
MergeSummary run_merge(comm::Communicator& world, LoadedRecipe loaded, const RunOptions& options);

/// Collective. Recipe file to published output.
MergeSummary merge_recipe(comm::Communicator& world, const std::filesystem::path& recipe,
                          const RunOptions& options);

/// Collective. One checkpoint to another format, dtype or sharding: a passthrough through the same engine. An
/// output that ends in .h5 or .hdf5 is one HDF5 state dict, anything else a folder.
MergeSummary convert(comm::Communicator& world, const std::filesystem::path& input,
                     const RunOptions& options);

}  // namespace stockpot::engine
