#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "results.hpp"
#include "spread.hpp"

namespace stockpot::reproduce {

/// `undecided`: one seed says nothing about spread.
enum class Verdict : std::uint8_t { holds, fails, undecided };

/// Numbers between two bounds, these not among them.
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

/// That a number, mostly the difference of two rows, lies somewhere.
struct Claim {
  std::string text;
  PairedDifference difference;
  Verdict verdict = Verdict::undecided;
};

/// Holds if the mean of the paired differences is above two of its standard errors (and above 0).
Claim judge(const std::string& text, const Row& larger, const Row& smaller);
/// Holds if the mean of the paired differences is within `bounds`, and still is two standard errors away.
Claim judge_difference(const std::string& text, const Row& row, const Row& other, const Bounds& bounds);
/// The same of the mean of a row.
Claim judge_value(const std::string& text, const Row& row, const Bounds& bounds);
/// Holds if no seed has the first row below the other one; decided by one seed already.
Claim judge_always(const std::string& text, const Row& row, const Row& never_above);

/// What the study must show: that RegMean and MaTS beat averaging held-in, and that averages of more models
/// are worse held-in and better elsewhere. Throws std::out_of_range if a row is missing.
std::vector<Claim> compositional_claims(const Results& results);

}  // namespace stockpot::reproduce
