#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/content_digests.hpp"
#include "engine/job.hpp"
#include "stockpot/recipe/recipe.hpp"

namespace stockpot::engine {

/// Collective. What the surveys of all ranks report, as JSON by tensor (or "model").
std::string gather_diagnostics(comm::Communicator& world, const Job& job);

/// Text of stockpot_manifest.json: only what is equal for every run of the same job. Keys sorted.
std::string manifest_text(const recipe::Recipe& recipe, const Job& job, const ContentDigests& digests,
                          const std::string& diagnostics);

/// Throws Error{usage} unless the manifest is that of this recipe, these options and tensors;
/// Error{verification} if it is none.
void check_manifest(const std::filesystem::path& path, const recipe::Recipe& recipe,
                    const plan::MergePlan& plan);

/// One rank's part of stockpot_run.json.
struct RankReport {
  std::uint64_t read_bytes = 0;
  std::uint64_t exchanged_bytes = 0;
  std::uint64_t written_bytes = 0;
  std::uint64_t reduced_bytes = 0;
  std::uint64_t peak_resident_bytes = 0;
  std::uint64_t peak_buffer_bytes = 0;
  double read_seconds = 0.0;  ///< of one lane on average, as are the others
  double compute_seconds = 0.0;
  double write_seconds = 0.0;
  double nonfinite = 0.0;
};

/// Collective. Every rank's report, by rank.
std::vector<RankReport> gather_reports(comm::Communicator& world, const Job& job);

/// Text of stockpot_run.json: how this run went.
std::string run_text(const Job& job, const std::vector<RankReport>& ranks, double total_seconds,
                     bool resumed);

}  // namespace stockpot::engine
