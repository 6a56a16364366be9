#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "merge_report.hpp"

namespace stockpot::bench {

struct MergeBenchOptions {
  std::vector<std::filesystem::path> recipes;
  std::vector<int> ranks = {1, 2};
  std::vector<bool> sync = {false};
  int pairs = 5;
  std::string memory;   ///< passed to the merge; empty: its default
  std::string threads;  ///< likewise
  std::filesystem::path stockpot;
  std::filesystem::path scratch;
  std::optional<std::string> mergekit_python;
};

/// Measures every recipe at every number of ranks, with and without fsync as asked: floor and merge in turns,
/// after a warm-up merge that fills the page cache. Throws Error.
std::vector<MergeResult> run_merge_bench(const MergeBenchOptions& options);

}  // namespace stockpot::bench
