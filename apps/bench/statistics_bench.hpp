#pragma once

#include <cstddef>
#include <vector>

#include "comparison.hpp"

namespace stockpot::bench {

struct StatisticsBenchOptions {
  std::vector<std::size_t> sizes = {1024, 2048, 4096};  ///< inputs of a layer
  int pairs = 5;
};

/// For each size: Gram matrices of f64 and f32 inputs, the RegMean solve and the MaTS solve of a layer, each
/// in turns with a square matrix product of that size in the same library, in GFLOP per second of processor
/// time on one thread. Only operations that the mathematics asks for count: a triangle of the
/// Gram matrix, products and solves without what surrounds them.
std::vector<Comparison> run_statistics_bench(const StatisticsBenchOptions& options);

}  // namespace stockpot::bench
