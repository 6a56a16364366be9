#pragma once

#include <string>

#include "cli/command.hpp"

namespace stockpot::cli {

/// Options of the commands that make an output at OUT, their second positional argument.
boost::program_options::options_description output_options(const std::string& title);

/// The common options and these, as the engine takes them; `title` heads the progress bar. Throws
/// Error{usage}.
engine::RunOptions job_options(const Invocation& invocation, const Parsed& parsed, const std::string& title);

}  // namespace stockpot::cli
