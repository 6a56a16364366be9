#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/options.hpp"
#include "stockpot/io/geometry_file.hpp"

namespace stockpot::engine {

/// Called on rank 0 for every tensor, then every layer, each in bytewise order of names, then the model.
using GeometrySink = std::function<void(const io::GeometryItem&)>;

/// What a finished job tells its caller.
struct GeometrySummary {
  io::GeometryModels models;
  std::uint64_t tensors = 0;
  std::uint64_t read_bytes = 0;  ///< all ranks
  double seconds = 0.0;
};

/// Collective. Measures how the models of a recipe lie around their mean and their base model, in one pass
/// over the floating tensors that the recipe merges, and writes `options.statistics`; its method and
/// parameters don't matter. `also` is shown what is written. Throws on every rank alike: CollectiveError with
/// the exit code; Error{stopped} after a stop request.
GeometrySummary measure_geometry(comm::Communicator& world, const std::filesystem::path& recipe,
                                 const RunOptions& options, const GeometrySink& also);

}  // namespace stockpot::engine
