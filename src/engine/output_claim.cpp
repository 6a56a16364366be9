#include "stockpot/engine/output_claim.hpp"

#include "stockpot/comm/agreement.hpp"

namespace stockpot::engine {

OutputClaim claim_output(comm::Communicator& world, const RunOptions& options) {
  OutputClaim claim;
  const std::string state = comm::from_root(world, "output folder", [&] {
    io::OutputFolder::Options how;
    how.existing = options.existing;
    how.durability = options.durability;
    how.kind =
        options.plan.format == plan::OutputFormat::hdf5 ? io::OutputKind::file : io::OutputKind::folder;
    claim.folder = io::OutputFolder::claim(options.output, how);
    return std::to_string(static_cast<int>(claim.folder->state()));
  });
  claim.state = static_cast<io::FolderState>(std::stoi(state));
  claim.partial = io::partial_path(options.output);
  return claim;
}

}  // namespace stockpot::engine
