#pragma once

#include <functional>
#include <map>
#include <string>

namespace stockpot::comm {

/// What the environment says about how this process was started.
struct Launch {
  int ranks = 1;           ///< processes in the job, as far as announced
  bool launched = false;   ///< a launcher started this process, so MPI must be initialised
  std::string variable;    ///< the variable that says so; empty for a plain process
  bool has_server = true;  ///< false for tasks of srun that Slurm gave nothing to find one another with
  int rank = 0;            ///< this process's, as far as announced
};

using Environment = std::map<std::string, std::string, std::less<>>;

/// Pure. The innermost launcher counts: Open MPI's mpirun (OMPI_COMM_WORLD_SIZE), then a PMI server
/// (PMI_SIZE), then a task of a Slurm step (SLURM_STEP_NUM_TASKS or SLURM_NTASKS). The Slurm variables count
/// only in a task: SLURM_PROCID set and SLURM_STEP_ID that of an ordinary step, for a batch script sees
/// SLURM_NTASKS and SLURM_PROCID=0 too and is a plain process. A step of one task without PMI(x) is a plain
/// process as well: MPI could not find its server.
Launch read_launch(const Environment& environment);

/// read_launch of this process's environment.
Launch current_launch();

}  // namespace stockpot::comm
