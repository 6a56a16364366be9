#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace stockpot::recipe {

/// Offset of the first byte that is not part of a valid UTF-8 sequence (no overlong forms, no surrogates, at
/// most U+10FFFF), or that is a control character other than tab, line feed and carriage return.
std::optional<std::size_t> first_bad_byte(std::string_view text);

}  // namespace stockpot::recipe
