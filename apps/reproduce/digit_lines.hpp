#pragma once

#include <span>
#include <string_view>

namespace stockpot::reproduce {

/// Lines of data/digits.txt: a digit, a space, 64 pixels '0' to '9', 'A' to 'G'.
std::span<const std::string_view> digit_lines();

}  // namespace stockpot::reproduce
