#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "stockpot/comm/communicator.hpp"

namespace stockpot::comm {

/// Number of ranks that the launcher's environment announces (SLURM_NTASKS in a step, PMI_SIZE,
/// OMPI_COMM_WORLD_SIZE); 1 without a launcher. When it is 1 and no launcher variable is set, MPI need not be
/// initialised at all.
int announced_ranks();
/// True when a launcher started this process, so that MPI_Init must be called.
bool has_launcher();

/// Initialises MPI (FUNNELED: only the main thread communicates) and finalises it when destroyed.
/// Throws Error{communication} when MPI's world is smaller than what the launcher announces (srun without
/// --mpi=pmix), naming the remedy. Outlives every communicator that was made from it.
class MpiRuntime {
 public:
  MpiRuntime(int* argc, char*** argv);
  ~MpiRuntime();
  MpiRuntime(const MpiRuntime&) = delete;
  MpiRuntime& operator=(const MpiRuntime&) = delete;
  [[nodiscard]] static std::string library_version();
  [[nodiscard]] double init_seconds() const noexcept { return init_seconds_; }

 private:
  double init_seconds_ = 0.0;
};

/// All ranks of the job. Messages longer than `chunk_bytes` travel in pieces, below MPI's int counts; tests
/// set it tiny.
Communicator make_mpi(MpiRuntime& runtime, std::uint64_t chunk_bytes = std::uint64_t{1} << 30);

}  // namespace stockpot::comm
