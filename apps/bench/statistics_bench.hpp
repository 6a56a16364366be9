#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace stockpot::bench {

struct StatisticsBenchOptions {
  std::vector<std::size_t> sizes = {1024, 2048, 4096};  ///< inputs of a layer
  int pairs = 5;
};

/// Rates in GFLOP per second of processor time, on one thread; pair i was measured in turns.
struct RateComparison {
  std::string name;     ///< of contract: gram_vs_gemm, solve_vs_gemm
  std::string variant;  ///< what was measured under that name
  std::size_t size = 0;
  std::vector<double> rates;
  std::vector<double> references;  ///< of a square matrix product of that size in the same library

  [[nodiscard]] std::vector<double> ratios() const;  ///< pair by pair
};

/// For each size: Gram matrices of f64 and f32 inputs, the RegMean solve and the MaTS solve of a layer, each
/// in turns with the matrix product. Only operations that the mathematics asks for count: a triangle of the
/// Gram matrix, products and solves without what surrounds them.
std::vector<RateComparison> run_statistics_bench(const StatisticsBenchOptions& options);

/// One line for people.
std::string to_line(const RateComparison& comparison);
/// {"library":, "results": [{"name":, "ratio":, "rate":, "reference":, "variant":, "size":, "ratios": []}]}
std::string to_json(const std::vector<RateComparison>& comparisons);

/// The command `bench statistics`. Throws Error.
int bench_statistics(int argc, char** argv);

}  // namespace stockpot::bench
