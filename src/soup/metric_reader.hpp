#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace stockpot::soup {

/// What a program said about one candidate: metrics, or why there are none.
struct Reading {
  std::map<std::string, double> metrics;  ///< those asked for, all finite; empty after a failure
  std::string failure;  ///< "output: ..." or "metric: ...", in one line; empty if all is well
};

/// Reads one JSON object with a finite number for every key of `wanted`; other members may be anything.
/// Refused: what isn't JSON (with NaN or Infinity neither), another document, a key that stands twice, a
/// missing metric, one that is no number or too large for a double. With `candidate` the object must have a
/// member "candidate" of that number. Pure; cost: one pass.
Reading read_metrics(std::string_view line, const std::map<std::string, double>& wanted,
                     std::optional<std::uint64_t> candidate);

/// The last line of `text` that isn't blank, without white space around it; empty if there is none.
std::string_view last_line(std::string_view text);

/// `text` without the white space around it.
std::string_view trimmed(std::string_view text);
/// `text` without the white space before it.
std::string_view from_first_word(std::string_view text);

}  // namespace stockpot::soup
