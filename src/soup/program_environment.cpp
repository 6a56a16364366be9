#include "soup/program_environment.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace stockpot::soup {
namespace {

// Open MPI, PMIx and PRRTE, PMI, MPICH's Hydra, MVAPICH, Cray's PALS, and steps of Slurm.
constexpr std::array<std::string_view, 16> launcher_prefixes = {
    "OMPI_",     "OPAL_", "ORTE_",     "PMIX_", "PRTE_",  "PMI_",       "HYDRA_",      "HYDI_",
    "MPI_LOCAL", "MPIR_", "MV2_COMM_", "PALS_", "I_MPI_", "SLURM_STEP", "SLURM_SRUN_", "SLURM_PMI"};

// The last three name the allocation to mpirun, by their old names, while srun goes by the new ones: a
// program's mpirun stays on its host, where its candidate is.
constexpr std::array<std::string_view, 20> dropped_names = {"STOCKPOT_CANDIDATE",
                                                            "STOCKPOT_SPLIT",
                                                            "SLURM_PROCID",
                                                            "SLURM_LOCALID",
                                                            "SLURM_NODEID",
                                                            "SLURM_TASK_PID",
                                                            "SLURM_GTIDS",
                                                            "SLURM_NTASKS",
                                                            "SLURM_NPROCS",
                                                            "SLURM_MPI_TYPE",
                                                            "SLURM_TASKS_PER_NODE",
                                                            "SLURM_NTASKS_PER_NODE",
                                                            "SLURM_CPU_BIND",
                                                            "SLURM_CPU_BIND_LIST",
                                                            "SLURM_CPU_BIND_TYPE",
                                                            "SLURM_CPU_BIND_VERBOSE",
                                                            "SLURM_LAUNCH_NODE_IPADDR",
                                                            "SLURM_JOBID",
                                                            "SLURM_NODELIST",
                                                            "SLURM_NNODES"};

// What users say about Open MPI, not what a launcher tells its ranks.
constexpr std::array<std::string_view, 2> kept_names = {"OMPI_ALLOW_RUN_AS_ROOT",
                                                        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"};

template <std::size_t count>
bool is_one_of(const std::array<std::string_view, count>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_dropped(std::string_view name) {
  if (is_one_of(kept_names, name)) return false;
  return is_one_of(dropped_names, name) ||
         std::any_of(launcher_prefixes.begin(), launcher_prefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace

std::vector<std::string> without_launcher(const std::vector<std::string>& environment) {
  std::vector<std::string> kept;
  for (const std::string& entry : environment) {
    if (!is_dropped(std::string_view(entry).substr(0, entry.find('=')))) kept.push_back(entry);
  }
  return kept;
}

std::vector<std::string> worker_environment() {
  std::vector<std::string> entries;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) entries.emplace_back(*entry);
  return without_launcher(entries);
}

std::vector<std::string> command_environment(const Evaluation& evaluation) {
  std::vector<std::string> environment = worker_environment();
  environment.push_back(fmt::format("STOCKPOT_CANDIDATE={}", evaluation.candidate));
  environment.push_back("STOCKPOT_SPLIT=" + evaluation.split);
  return environment;
}

}  // namespace stockpot::soup
