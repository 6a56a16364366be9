#pragma once

#include <fmt/format.h>

#include <string_view>

#include "stockpot/base/error.hpp"

namespace stockpot::comm {

/// Throws Error{communication} about the transfer that `what` names.
[[noreturn]] inline void fail(std::string_view what, std::string_view text) {
  throw Error(ExitCode::communication, fmt::format("{}: {}", what, text));
}

}  // namespace stockpot::comm
