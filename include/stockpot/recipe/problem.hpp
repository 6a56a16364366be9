#pragma once

#include <string>
#include <vector>

namespace stockpot::recipe {

enum class Severity { error, warning };

/// One finding about a recipe or a plan; all are collected and shown together.
struct Problem {
  Severity severity = Severity::error;
  std::string where;  ///< "line 7: models[1].parameters", or a file or tensor
  std::string message;
  std::string suggestion;  ///< nearest valid key or the remedy; may be empty
};

[[nodiscard]] bool has_errors(const std::vector<Problem>& problems);
/// "error: line 7: models[1]: unknown key 'wieght' (did you mean 'weight'?)".
[[nodiscard]] std::string to_string(const Problem& problem);

}  // namespace stockpot::recipe
