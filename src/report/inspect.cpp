#include "stockpot/report/inspect.hpp"

#include "report/manifest.hpp"
#include "report/totals.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/checkpoint/model_digest.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/engine/content_scan.hpp"
#include "stockpot/engine/load_checkpoint.hpp"
#include "stockpot/io/hdf5_state.hpp"
#include "stockpot/io/output_folder.hpp"
#include "stockpot/io/safetensors.hpp"

namespace stockpot::report {
namespace {

std::map<std::string, std::string> read_metadata(const checkpoint::Checkpoint& model) {
  std::map<std::string, std::string> metadata;
  for (const checkpoint::StoredFile& file : model.files) {
    metadata.merge(is_hdf5(file.path)
                       ? io::read_hdf5_state(file.path).metadata
                       : io::read_safetensors_header(io::File::open_to_read(file.path)).metadata);
  }
  return metadata;
}

std::optional<Origin> read_origin(const checkpoint::Checkpoint& model, const Options& options) {
  if (model.folder.empty() || !io::is_finished_output(model.folder)) return std::nullopt;
  try {
    return read_manifest(model.folder).origin;
  } catch (const Error& failure) {
    if (options.warn) options.warn(failure.what());
    return std::nullopt;
  }
}

}  // namespace

Inspection inspect(comm::Communicator& world, const std::string& reference, Depth depth,
                   const Options& options) {
  Inspection found;
  found.checkpoint = engine::load_checkpoint(world, reference, options);
  comm::agree_after(world, "metadata of the model", [&] {
    if (!world.is_root()) return;
    found.metadata = read_metadata(found.checkpoint);
    found.origin = read_origin(found.checkpoint, options);
  });
  if (depth == Depth::headers) return found;
  found.contents = engine::scan_content(world, found.checkpoint, engine::Scan::digests_and_zeros, options);
  std::vector<Digest> digests;
  for (const TensorContent& content : found.contents) digests.push_back(content.digest);
  found.model_digest = checkpoint::model_digest(found.checkpoint, digests);
  return found;
}

}  // namespace stockpot::report
