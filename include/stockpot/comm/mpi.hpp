#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/comm/launcher.hpp"

namespace stockpot::comm {

/// Number of ranks that the launcher's environment announces; 1 without a launcher. See `read_launch`.
int announced_ranks();
/// This process's rank as a launcher's environment announces it; 0 where it does not.
int announced_rank();
/// True when a launcher started this process, so that MPI must be initialised. A plain process need not.
bool has_launcher();

/// Initialises MPI (FUNNELED: only the main thread communicates) and finalises it when destroyed.
/// Throws Error{communication} when MPI's world is smaller than what the launcher announces, or must be
/// because Slurm gave its tasks nothing to find one another with (srun without --mpi=pmix), naming the
/// remedy. Outlives every communicator that was made from it; the destructor waits for the other ranks, so a
/// failure that they don't share must end in Communicator::abort before.
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

/// Collective over all ranks of the job, which it duplicates into a communicator of its own. Messages longer
/// than `chunk_bytes` travel in pieces, below MPI's int counts; tests set it tiny. A reduction's piece has at
/// least one element.
///
/// An error that MPI reports ends the job: one line on standard error with rank, host and purpose, then
/// MPI_Abort with ExitCode::communication. Only calls that don't block are used, tested with growing sleeps.
/// Tags are 0 to 32767.
Communicator make_mpi(MpiRuntime& runtime, std::uint64_t chunk_bytes = std::uint64_t{1} << 30);

}  // namespace stockpot::comm
