#pragma once

#include <optional>

#include "engine/job.hpp"
#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/geometry_job.hpp"

namespace stockpot::engine {

/// The file of geometry of a job, from before its pass, so that one that can't be written ends the job at
/// once.
class GeometryOutput {
 public:
  /// Collective. Creates the unfinished file on rank 0. @pre job.geometry
  GeometryOutput(comm::Communicator& world, const Job& job);
  /// Collective, after the pass. Brings the ranks' sums together, writes and publishes the file.
  void finish(const GeometrySink& also);

  [[nodiscard]] const io::GeometryModels& models() const { return models_; }

 private:
  comm::Communicator& world_;
  const Job& job_;
  io::GeometryModels models_;
  std::optional<io::GeometryFileWriter> file_;  ///< on rank 0
};

}  // namespace stockpot::engine
