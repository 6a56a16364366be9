#include "stockpot/recipe/problem.hpp"

#include <algorithm>

namespace stockpot::recipe {

bool has_errors(const std::vector<Problem>& problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](const Problem& p) { return p.severity == Severity::error; });
}

std::string to_string(const Problem& problem) {
  std::string line = problem.severity == Severity::error ? "error: " : "warning: ";
  if (!problem.where.empty()) line += problem.where + ": ";
  line += problem.message;
  if (problem.suggestion.empty()) return line;
  const bool is_remedy = problem.suggestion.find(' ') != std::string::npos;
  return line +
         (is_remedy ? " (" + problem.suggestion + ")" : " (did you mean '" + problem.suggestion + "'?)");
}

}  // namespace stockpot::recipe
