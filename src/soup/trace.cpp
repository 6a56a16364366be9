#include "stockpot/soup/trace.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "soup/trace_words.hpp"

namespace stockpot::soup {
namespace {

nlohmann::ordered_json number_or_null(const std::optional<double>& number) {
  return number ? nlohmann::ordered_json(*number) : nlohmann::ordered_json(nullptr);
}

}  // namespace

nlohmann::ordered_json to_json(const TraceEntry& entry, std::uint64_t models) {
  nlohmann::ordered_json line;
  line["candidate"] = entry.number;
  line["phase"] = word_of(phase_words, entry.phase);
  if (entry.reported != recipe::Reported::winner) line["reported"] = word_of(reported_words, entry.reported);
  if (entry.candidate.ingredients.empty()) {
    line["parameters"] = entry.candidate.parameters;
  } else {
    line["ingredients"] = entry.candidate.ingredients;
    if (entry.reported != recipe::Reported::ensemble) {
      line["coefficients"] = entry.candidate.coefficients(models);
    }
  }
  if (entry.geometry) {
    line["norm"] = entry.geometry->norm;
    line["cosines"] = entry.geometry->cosines;
  }
  line["metrics"] = entry.outcome.metrics;
  line["score"] = number_or_null(entry.score);
  line["best"] = number_or_null(entry.best);
  line["decision"] = word_of(decision_words, entry.decision);
  line["reason"] = entry.reason;
  line["attempts"] = entry.outcome.attempts;
  line["seconds"] = entry.outcome.seconds;
  line["worker"] = entry.outcome.worker;
  return line;
}

std::string to_line(const TraceEntry& entry, std::uint64_t models) {
  return to_json(entry, models).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace stockpot::soup
