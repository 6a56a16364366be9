#include "soup/messages.hpp"

#include <nlohmann/json.hpp>

namespace stockpot::soup {

void to_json(nlohmann::json& json, const Candidate& candidate) {
  json = {{"ingredients", candidate.ingredients}, {"parameters", candidate.parameters}};
}

void from_json(const nlohmann::json& json, Candidate& candidate) {
  json.at("ingredients").get_to(candidate.ingredients);
  json.at("parameters").get_to(candidate.parameters);
}

void to_json(nlohmann::json& json, const Outcome& outcome) {
  json = {{"metrics", outcome.metrics},
          {"failure", outcome.failure},
          {"attempts", outcome.attempts},
          {"seconds", outcome.seconds},
          {"worker", outcome.worker}};
}

void from_json(const nlohmann::json& json, Outcome& outcome) {
  json.at("metrics").get_to(outcome.metrics);
  json.at("failure").get_to(outcome.failure);
  json.at("attempts").get_to(outcome.attempts);
  json.at("seconds").get_to(outcome.seconds);
  json.at("worker").get_to(outcome.worker);
}

}  // namespace stockpot::soup
