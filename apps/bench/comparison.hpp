#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stockpot::bench {

/// A rate beside that of a reference, measured in turns.
struct Comparison {
  std::string name;        ///< of the contract: gram_vs_gemm, candidate_vs_pass, ...
  std::string variant;     ///< what was measured under that name
  std::uint64_t size = 0;  ///< of the problem; 0: it has no size
  std::string unit;        ///< of both rates
  bool of_times = false;   ///< the ratio says how much longer it takes than the reference, else how much of
                           ///< its rate it reaches
  std::vector<double> rates;
  std::vector<double> references;

  [[nodiscard]] std::vector<double> ratios() const;  ///< pair by pair
};

/// Middle value, mean of the two middle ones for an even number. @pre not empty
double median(std::vector<double> values);

/// One line for people: the median ratio with its spread, the median rates.
std::string to_line(const Comparison& comparison);

/// {"library":, "results": [{"name":, "ratio":, "rate":, "reference":, "variant":, "size":, "ratios": []}]},
/// of ratio and rates the medians; an empty `library` and sizes of 0 are left out.
std::string to_json(const std::vector<Comparison>& comparisons, const std::string& library);

}  // namespace stockpot::bench
