#pragma once

#include <memory>
#include <optional>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/comm/mpi.hpp"

namespace stockpot::cli {

/// The ranks of this job: one without a launcher (MPI is not even initialised), MPI's world under mpirun or
/// srun.
class Session {
 public:
  /// Collective. Throws Error{communication} when the launcher announced ranks that MPI does not know.
  Session(int* argc, char*** argv);
  [[nodiscard]] comm::Communicator& world() { return *world_; }
  [[nodiscard]] double mpi_init_seconds() const;

 private:
  std::unique_ptr<comm::MpiRuntime> runtime_;
  std::optional<comm::Communicator> world_;
};

}  // namespace stockpot::cli
