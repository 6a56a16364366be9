#pragma once

#include <string>

#include "claims.hpp"
#include "compositional.hpp"

/// The study for people, as plain text. Accuracies are means +- standard deviations over seeds.
namespace stockpot::reproduce {

/// Every table, a line for each method and setting, a column for each metric.
std::string plain_tables(const Results& results);
/// E3 with the hyperparameters that validation chose, E3b, E4 with further methods.
std::string accuracy_tables(const Study& study);
/// Per method of E3, means over seeds: seconds, operations and bytes of the chosen merge and of the
/// statistics it needs, and peak memory.
std::string cost_table(const Study& study);
/// Per method with several candidates, means over seeds: best, worst and standard deviation over the grid.
std::string sensitivity_table(const Study& study);
std::string claim_lines(const std::vector<Claim>& claims);

}  // namespace stockpot::reproduce
