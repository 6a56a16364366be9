#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stockpot::bench {

/// What one merge says of itself in stockpot_run.json.
struct MergeTiming {
  double seconds = 0.0;  ///< after MPI_Init to before MPI_Finalize
  double mpi_init_seconds = 0.0;
  std::vector<std::uint64_t> peak_resident_bytes;  ///< by rank
  std::vector<std::uint64_t> moved_bytes;          ///< read and written, by rank
};

/// One recipe at one number of ranks; floor i was measured right before merge i.
struct MergeResult {
  std::string recipe;
  int ranks = 1;
  bool sync = false;
  std::uint64_t input_bytes = 0;
  std::vector<double> floor_seconds;
  std::vector<MergeTiming> merges;
  std::optional<double> mergekit_seconds;  ///< wall time with start-up; beside, not compared

  [[nodiscard]] std::vector<double> ratios() const;  ///< merge over floor, pair by pair
};

/// One line for people: ratio with its spread, seconds, bytes/s and peak memory per rank.
std::string to_line(const MergeResult& result);

/// {"results": [{"name":, "ratio":, "rate": GB/s of the merge, "reference": GB/s of the floor, ...}]}
std::string to_json(const std::vector<MergeResult>& results);

}  // namespace stockpot::bench
