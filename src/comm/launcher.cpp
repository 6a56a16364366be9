#include "stockpot/comm/launcher.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string_view>

namespace stockpot::comm {
namespace {

// Slurm numbers its special steps (batch script 0xfffffffb, interactive 0xfffffffa, extern 0xfffffffc,
// pending 0xfffffffd) above every ordinary one.
constexpr std::uint64_t last_ordinary_slurm_step = 0xfffffff0;

constexpr const char* read_variables[] = {
    "OMPI_COMM_WORLD_SIZE", "PMI_SIZE",    "PMI_RANK", "PMIX_RANK", "SLURM_STEP_ID", "SLURM_PROCID",
    "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"};

constexpr std::uint64_t largest_rank = std::numeric_limits<int>::max();

std::optional<std::uint64_t> number(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  if (found == environment.end() || found->second.empty()) return std::nullopt;
  const std::string& text = found->second;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// A number of processes: 1 to the largest int.
std::optional<int> ranks_in(const Environment& environment, std::string_view name) {
  const auto value = number(environment, name);
  if (!value || *value < 1 || *value > largest_rank) return std::nullopt;
  return static_cast<int>(*value);
}

bool is_slurm_task(const Environment& environment) {
  const auto step = number(environment, "SLURM_STEP_ID");
  return step && *step <= last_ordinary_slurm_step && number(environment, "SLURM_PROCID");
}

}  // namespace

Launch read_launch(const Environment& environment) {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    if (const auto ranks = ranks_in(environment, name)) return {*ranks, true, name};
  }
  const char* server = environment.contains("PMIX_RANK")  ? "PMIX_RANK"
                       : environment.contains("PMI_RANK") ? "PMI_RANK"
                                                          : nullptr;
  if (is_slurm_task(environment)) {
    for (const char* name : {"SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"}) {
      const auto ranks = ranks_in(environment, name);
      const auto rank =
          static_cast<int>(std::min<std::uint64_t>(*number(environment, "SLURM_PROCID"), largest_rank));
      if (ranks && (*ranks > 1 || server != nullptr)) return {*ranks, true, name, server != nullptr, rank};
      if (ranks) return {};
    }
  }
  if (server != nullptr) return {1, true, server};
  return {};
}

Launch current_launch() {
  Environment environment;
  for (const char* name : read_variables) {
    if (const char* value = std::getenv(name)) environment.emplace(name, value);
  }
  return read_launch(environment);
}

}  // namespace stockpot::comm
