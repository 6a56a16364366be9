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

constexpr std::array<std::string_view, 17> dropped_names = {"SLURM_PROCID",
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
                                                            "STOCKPOT_CANDIDATE",
                                                            "STOCKPOT_SPLIT"};

bool is_dropped(std::string_view name) {
  return std::find(dropped_names.begin(), dropped_names.end(), name) != dropped_names.end() ||
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
