#pragma once

#include <nlohmann/json_fwd.hpp>

#include "stockpot/soup/candidate.hpp"
#include "stockpot/soup/outcome.hpp"

// What ranks tell each other, as JSON. Numbers read back exactly.
namespace stockpot::soup {

void to_json(nlohmann::json& json, const Candidate& candidate);
void from_json(const nlohmann::json& json, Candidate& candidate);

void to_json(nlohmann::json& json, const Outcome& outcome);
void from_json(const nlohmann::json& json, Outcome& outcome);

}  // namespace stockpot::soup
