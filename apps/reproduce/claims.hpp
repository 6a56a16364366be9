#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "results.hpp"
#include "spread.hpp"

namespace stockpot::reproduce {

/// `undecided`: one seed says nothing about spread.
enum class Verdict : std::uint8_t { holds, fails, undecided };

/// That one row lies above another, seed by seed.
struct Claim {
  std::string text;
  PairedDifference difference;
  Verdict verdict = Verdict::undecided;
};

/// Holds if the mean of the paired differences is above two of its standard errors (and above 0).
Claim judge(const std::string& text, const Row& larger, const Row& smaller);

/// What the study must show: that RegMean and MaTS beat averaging held-in, and that averages of more models
/// are worse held-in and better elsewhere. Throws std::out_of_range if a row is missing.
std::vector<Claim> compositional_claims(const Results& results);

}  // namespace stockpot::reproduce
