#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/merge_job.hpp"
#include "stockpot/engine/options.hpp"
#include "stockpot/io/output_folder.hpp"

namespace stockpot::engine {

/// Rank 0's hold on an output; other ranks only know where it is.
struct OutputClaim {
  std::optional<io::OutputFolder> folder;
  std::filesystem::path partial;
  io::FolderState state = io::FolderState::fresh;
  /// Names in the partial folder that belong to the caller: a merge leaves them alone and they become part of
  /// the output.
  std::set<std::string> kept;
};

/// Collective. Throws what io::OutputFolder::claim throws, on every rank.
OutputClaim claim_output(comm::Communicator& world, const RunOptions& options);

/// Collective. As `run_merge`, into an output that the caller has claimed and may have put files into.
MergeSummary run_merge_into(comm::Communicator& world, LoadedRecipe loaded, const RunOptions& options,
                            OutputClaim& claim);

}  // namespace stockpot::engine
