#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stockpot/base/digest.hpp"
#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/content_scan.hpp"
#include "stockpot/report/options.hpp"

/// Owns what commands tell about checkpoints: their content (`inspect`), how two differ (`diff`), whether an
/// output is what its manifest says (`verify`). Knows nothing of the command line:
///
///   const report::Inspection found = report::inspect(world, "org/name", report::Depth::content, {});
///   if (world.is_root()) std::cout << report::inspection_text(found, report::Listing::shortened);
namespace stockpot::report {

enum class Depth {
  headers,  ///< names, dtypes, shapes: no element is read
  content,  ///< digests and zeros too: every byte is read
};

/// Which tensors a table shows: all, or the first and last ones when there are many.
enum class Listing { shortened, all };

using engine::TensorContent;

/// Where an output came from, as its manifest says.
struct Origin {
  std::string stockpot;  ///< version
  std::string method;
  std::string recipe_digest;
  std::uint64_t seed = 0;
};

struct Inspection {
  checkpoint::Checkpoint checkpoint;
  std::vector<TensorContent> contents;  ///< of checkpoint.tensors; empty when only headers were read
  std::optional<Digest> model_digest;
  std::map<std::string, std::string> metadata;  ///< of all files; rank 0 only
  std::optional<Origin> origin;                 ///< rank 0 only
};

/// Collective. Opens a model (a path, or `org/name[@revision]` of the Hugging Face cache) and reads it to the
/// depth asked for. A malformed manifest beside it is a warning. Throws on every rank alike: Error{input},
/// Error{usage} for adapters, Error{stopped}. Cost: every tensor byte once, spread over ranks and threads.
Inspection inspect(comm::Communicator& world, const std::string& reference, Depth depth,
                   const Options& options);

/// {"model_digest":, "tensors": {name: {"dtype":, "shape":, "file":, "elements":, "bytes":, "sparsity":,
/// "digest":}}, "parameters":, "bytes":, "sparsity":, "format":, "files":, "dtypes":, "layers":, "aliases":,
/// "metadata":, "manifest":}. What was not read, and a sparsity of no elements, is null.
std::string inspection_json(const Inspection& found);
/// A table of tensors and summaries by dtype and by stack of layers, for people.
std::string inspection_text(const Inspection& found, Listing listing);

}  // namespace stockpot::report
