#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "stockpot/base/error.hpp"

namespace stockpot::checkpoint {

/// Python's json writes NaN, Infinity and -Infinity, which JSON lacks: these become marked strings ...
std::string mark_bare_numbers(std::string_view text);
/// ... and become bare words again.
std::string unmark_bare_numbers(std::string text);

/// A config as Python's json module reads it, bounded in depth and number of keys (ordered objects look keys
/// up one by one). Error{input} naming the file for anything but an object.
template <typename Json>
Json parse_config(std::string_view text, const std::string& file_name) {
  constexpr int deepest = 64;
  constexpr std::size_t most_keys = 50'000;
  std::size_t keys = 0;
  const auto bounded = [&](int depth, typename Json::parse_event_t event, Json& /*parsed*/) {
    if (event == Json::parse_event_t::key) ++keys;
    if (depth > deepest || keys > most_keys) {
      throw Error{ExitCode::input, "too deep or too large for a model's configuration", {file_name, {}}};
    }
    return true;
  };
  try {
    Json json = Json::parse(mark_bare_numbers(text), bounded);
    if (json.is_object()) return json;
  } catch (const nlohmann::json::exception& failure) {
    throw Error{ExitCode::input, "not valid JSON: " + stockpot::quoted(failure.what()), {file_name, {}}};
  }
  throw Error{ExitCode::input, "not a JSON object", {file_name, {}}};
}

}  // namespace stockpot::checkpoint
