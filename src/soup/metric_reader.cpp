#include "soup/metric_reader.hpp"

#include <fmt/format.h>

#include <cmath>

#include "soup/metric_events.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::soup {
namespace {

constexpr std::string_view white_space = " \t\r\n\v\f";

Reading failed(std::string failure) {
  return {{}, std::move(failure)};
}

Reading not_finite(const std::string& name) {
  return failed(fmt::format("metric: {} is not a finite number", quote(name)));
}

/// Empty if the answer is about `candidate`.
std::string wrong_candidate(const MetricEvents& events, std::uint64_t candidate) {
  const auto found = events.members().find("candidate");
  if (found == events.members().end()) return "output: an answer without \"candidate\"";
  if (!found->second.is_number) return "output: \"candidate\" is not a number";
  if (found->second.number == static_cast<double>(candidate)) return {};
  return fmt::format("output: an answer about candidate {} instead of {}", found->second.number, candidate);
}

}  // namespace

Reading read_metrics(std::string_view line, const std::map<std::string, double>& wanted,
                     std::optional<std::uint64_t> candidate) {
  MetricEvents events;
  nlohmann::json::sax_parse(line.begin(), line.end(), &events);
  if (wanted.contains(events.member_at_fault())) return not_finite(events.member_at_fault());
  if (!events.refusal().empty()) {
    return failed(fmt::format("output: {}: {}", events.refusal(), quote(line)));
  }
  if (candidate) {
    std::string wrong = wrong_candidate(events, *candidate);
    if (!wrong.empty()) return failed(std::move(wrong));
  }
  Reading reading;
  for (const auto& [name, weight] : wanted) {
    const auto found = events.members().find(name);
    if (found == events.members().end()) return failed(fmt::format("metric: {} is missing", quote(name)));
    if (!found->second.is_number) return failed(fmt::format("metric: {} is not a number", quote(name)));
    if (!std::isfinite(found->second.number)) return not_finite(name);
    reading.metrics.emplace(name, found->second.number);
  }
  return reading;
}

std::string_view from_first_word(std::string_view text) {
  const std::size_t first = text.find_first_not_of(white_space);
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

std::string_view trimmed(std::string_view text) {
  const std::string_view rest = from_first_word(text);
  return rest.substr(0, rest.find_last_not_of(white_space) + 1);
}

std::string_view last_line(std::string_view text) {
  const std::string_view whole = trimmed(text);
  const std::size_t before = whole.rfind('\n');
  return trimmed(before == std::string_view::npos ? whole : whole.substr(before + 1));
}

}  // namespace stockpot::soup
