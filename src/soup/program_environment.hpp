#pragma once

#include <string>
#include <vector>

#include "stockpot/soup/evaluator.hpp"

namespace stockpot::soup {

/// `environment` ("NAME=value" each) without what a launcher of MPI programs or a Slurm step put there, which
/// would make a program believe that it is one of this job's ranks, and without earlier STOCKPOT_CANDIDATE
/// and STOCKPOT_SPLIT. Variables of the Slurm job (its number, its nodes, processors per task) stay under the
/// names by which srun goes, not under the old ones by which mpirun would spread over the allocation.
std::vector<std::string> without_launcher(const std::vector<std::string>& environment);

/// without_launcher of this process's environment.
std::vector<std::string> worker_environment();

/// The same with STOCKPOT_CANDIDATE and STOCKPOT_SPLIT of `evaluation`.
std::vector<std::string> command_environment(const Evaluation& evaluation);

}  // namespace stockpot::soup
