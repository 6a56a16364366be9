#include "stockpot/soup/candidate.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stockpot::soup {

std::string Candidate::key() const {
  std::vector<std::uint64_t> sorted = ingredients;
  std::sort(sorted.begin(), sorted.end());
  std::string text = fmt::format("{}", fmt::join(sorted, ","));
  for (const auto& [name, value] : parameters) text += fmt::format("\n{}={:a}", name, value);
  return text;
}

}  // namespace stockpot::soup
