#include "cli/choice.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::cli {

std::size_t choice(const std::string& option, const std::string& value,
                   const std::vector<std::string>& choices) {
  const auto found = std::find(choices.begin(), choices.end(), value);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  const auto meant = nearest(value, choices);
  throw Error(ExitCode::usage,
              fmt::format("{} {} is none of {}{}", option, quote(value), fmt::join(choices, ", "),
                          meant ? fmt::format(" (did you mean {}?)", *meant) : ""));
}

}  // namespace stockpot::cli
