#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

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
  constexpr std::size_t deepest = 64;
  constexpr std::size_t most_keys_of_an_object = 25'000;
  constexpr std::size_t most_keys = 50'000;
  std::vector<std::size_t> open_objects;  // keys so far
  std::size_t keys = 0;
  using Event = typename Json::parse_event_t;
  const auto bounded = [&](int depth, Event event, Json& /*parsed*/) {
    if (event == Event::object_start) open_objects.push_back(0);
    if (event == Event::object_end) open_objects.pop_back();
    if (event == Event::key) {
      ++keys;
      ++open_objects.back();
    }
    if (static_cast<std::size_t>(depth) > deepest || keys > most_keys ||
        (!open_objects.empty() && open_objects.back() > most_keys_of_an_object)) {
      throw Error{ExitCode::input, "too deep or too large for a model's configuration", {file_name, {}}};
    }
    return true;
  };
  try {
    Json json = Json::parse(mark_bare_numbers(text), bounded);
    if (json.is_object()) return json;
  } catch (const nlohmann::json::exception& failure) {
    throw Error{ExitCode::input, "not valid JSON: " + quote(failure.what()), {file_name, {}}};
  }
  throw Error{ExitCode::input, "not a JSON object", {file_name, {}}};
}

}  // namespace stockpot::checkpoint
