#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "soup/trace_words.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/soup/trace.hpp"

namespace stockpot::soup {
namespace {

using nlohmann::json;

/// What is wrong with a line, for people.
class BadLine : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

const json& member(const json& line, const char* key) {
  const auto found = line.find(key);
  if (found == line.end()) throw BadLine(fmt::format("'{}' is missing", key));
  return *found;
}

std::uint64_t natural(const json& value, const char* key) {
  if (!value.is_number_unsigned()) throw BadLine(fmt::format("'{}' is no whole number", key));
  return value.get<std::uint64_t>();
}

double finite(const json& value, const char* key) {
  if (!value.is_number() || !std::isfinite(value.get<double>())) {
    throw BadLine(fmt::format("'{}' is no finite number", key));
  }
  return value.get<double>();
}

std::map<std::string, double> numbers(const json& value, const char* key) {
  if (!value.is_object()) throw BadLine(fmt::format("'{}' is no object", key));
  std::map<std::string, double> numbers;
  for (const auto& [name, number] : value.items()) numbers.emplace(name, finite(number, key));
  return numbers;
}

std::vector<std::uint64_t> indices(const json& value, std::uint64_t models) {
  if (!value.is_array() || value.empty()) throw BadLine("'ingredients' is no list of models");
  std::vector<std::uint64_t> indices;
  for (const json& item : value) {
    const std::uint64_t index = natural(item, "ingredients");
    if (index >= models || std::find(indices.begin(), indices.end(), index) != indices.end()) {
      throw BadLine(fmt::format("ingredient {} is none of {} different models", index, models));
    }
    indices.push_back(index);
  }
  return indices;
}

std::string text_of(const json& value, const char* key) {
  if (!value.is_string()) throw BadLine(fmt::format("'{}' is no text", key));
  return value.get<std::string>();
}

Outcome read_outcome(const json& line) {
  Outcome outcome;
  outcome.metrics = numbers(member(line, "metrics"), "metrics");
  if (text_of(member(line, "decision"), "decision") == word_of(decision_words, Decision::failed)) {
    outcome.failure = text_of(member(line, "reason"), "reason");
    if (outcome.failure.empty()) throw BadLine("a failure has no reason");
  }
  outcome.attempts = natural(member(line, "attempts"), "attempts");
  outcome.seconds = finite(member(line, "seconds"), "seconds");
  outcome.worker = natural(member(line, "worker"), "worker");
  return outcome;
}

recipe::Reported read_reported(const json& value) {
  const std::string word = text_of(value, "reported");
  const auto known = std::find_if(reported_words.begin(), reported_words.end(),
                                  [&](const auto& entry) { return entry.first == word; });
  if (known == reported_words.end()) throw BadLine("unknown 'reported' " + quote(word));
  return known->second;
}

bool is_of_learned_soup(const json& line, const std::string& phase) {
  const auto coefficients = line.find("coefficients");
  return phase == "learn" || (phase == "final" && coefficients != line.end() && coefficients->is_object());
}

/// None for lines of learned soups.
std::optional<StoredEvaluation> read_line(const json& line, std::uint64_t models) {
  if (!line.is_object()) throw BadLine("not a JSON object");
  const std::string phase = text_of(member(line, "phase"), "phase");
  if (is_of_learned_soup(line, phase)) return std::nullopt;
  const auto known = std::find_if(phase_words.begin(), phase_words.end(),
                                  [&](const auto& word) { return word.first == phase; });
  if (known == phase_words.end()) throw BadLine("unknown phase " + quote(phase));

  StoredEvaluation stored;
  stored.number = natural(member(line, "candidate"), "candidate");
  stored.phase = known->second;
  if (line.contains("parameters")) {
    stored.candidate.parameters = numbers(line["parameters"], "parameters");
  } else {
    stored.candidate.ingredients = indices(member(line, "ingredients"), models);
  }
  if (line.contains("reported")) stored.reported = read_reported(line["reported"]);
  stored.outcome = read_outcome(line);
  return stored;
}

}  // namespace

std::vector<StoredEvaluation> read_trace(std::string_view text, std::uint64_t models,
                                         const std::string& file) {
  std::vector<StoredEvaluation> evaluations;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const bool is_whole = end != std::string_view::npos;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(is_whole ? end + 1 : text.size());
    const json document = json::parse(line, nullptr, false);
    if (document.is_discarded() && !is_whole) break;
    try {
      if (document.is_discarded()) throw BadLine("not JSON");
      if (auto evaluation = read_line(document, models)) evaluations.push_back(std::move(*evaluation));
    } catch (const BadLine& problem) {
      throw Error(ExitCode::input, fmt::format("line {} is no line of a trace: {}", number, problem.what()),
                  {.file = file, .tensor = {}});
    }
  }
  return evaluations;
}

}  // namespace stockpot::soup
