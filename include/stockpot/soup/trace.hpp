#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "stockpot/soup/search.hpp"

namespace stockpot::soup {

/// One line of `soup_trace.jsonl` as JSON, over `models` ingredients. Numbers are written so that they read
/// back exactly.
nlohmann::ordered_json to_json(const TraceEntry& entry, std::uint64_t models);

/// The same as text without line feed. Bytes of messages that are not UTF-8 are replaced.
std::string to_line(const TraceEntry& entry, std::uint64_t models);

/// An evaluation that a trace remembers.
struct StoredEvaluation {
  std::uint64_t number = 0;
  Phase phase = Phase::rank;
  Candidate candidate;
  Outcome outcome;
  recipe::Reported reported = recipe::Reported::winner;
};

/// The evaluations of a trace over `models` ingredients, in its order; lines of learned soups are left out.
/// A last line without line feed that is no whole JSON document is ignored: the writer died there. Throws
/// Error{input} naming `file` and the line for anything else that is no line of a trace. Local, pure.
std::vector<StoredEvaluation> read_trace(std::string_view text, std::uint64_t models,
                                         const std::string& file);

}  // namespace stockpot::soup
