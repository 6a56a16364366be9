#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "comparison.hpp"

namespace stockpot::bench {

struct SoupsBenchOptions {
  std::uint64_t models = 8;
  std::uint64_t hidden = 2048;  ///< width of the models, a multiple of 64
  std::uint64_t layers = 8;     ///< of the models: 8 are 0.5B parameters
  int threads = 1;
  int pairs = 5;                    ///< of pass and candidate
  double held_share = 1.0;          ///< of the models in memory; the rest lies in the scratch file
  std::uint64_t candidates = 1000;  ///< of the small models
  std::filesystem::path scratch;
};

/// In one process: candidates of large bf16 models, of every number of ingredients that a greedy search comes
/// to, in turns with passes over as many bytes as they use (GB/s), one that just reads and one that averages
/// without search, plan and tiles around it; where the scratch file has a share of the models, both read that
/// share from a file. Then a whole search over small models with
/// the built-in probe (candidates per minute, beside the 1000 that are wanted).
std::vector<Comparison> run_soups_bench(const SoupsBenchOptions& options);

}  // namespace stockpot::bench
