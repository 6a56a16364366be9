#pragma once

#include <string>

#include "cli/command.hpp"
#include "stockpot/report/options.hpp"

namespace stockpot::cli {

/// The common options as commands that only read take them; `title` stands before the progress bar.
report::Options report_options(const Invocation& invocation, const Parsed& parsed, const std::string& title);

}  // namespace stockpot::cli
