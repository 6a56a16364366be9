#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "recipe/reader.hpp"

namespace stockpot::recipe {

// Keys that may be missing: `value` changes only where one stands there and has no problem.

void take_flag(MappingReader& reader, const std::string& key, bool& value, Findings& findings);

/// A whole number from `minimum` on.
void take_count(MappingReader& reader, const std::string& key, std::uint64_t minimum, std::uint64_t& value,
                Findings& findings);

/// A number from 0 on; without `may_be_zero` above it.
void take_amount(MappingReader& reader, const std::string& key, bool may_be_zero, double& value,
                 Findings& findings);

/// Text that is not empty.
void take_text(MappingReader& reader, const std::string& key, std::string& value, Findings& findings);

template <typename Value>
void take_choice(MappingReader& reader, const std::string& key,
                 std::span<const std::pair<std::string_view, Value>> choices, Value& value,
                 Findings& findings) {
  if (const auto at = reader.take(key)) value = read_choice<Value>(*at, choices, findings).value_or(value);
}

}  // namespace stockpot::recipe
