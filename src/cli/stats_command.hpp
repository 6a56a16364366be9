#pragma once

#include <string>

#include "cli/command.hpp"

namespace stockpot::cli {

// What `stockpot stats` runs; each has a line in stats_command.cpp.
int stats_geometry_command(Invocation& invocation);
int stats_gram_command(Invocation& invocation);
int stats_fisher_command(Invocation& invocation);
int stats_combine_command(Invocation& invocation);

/// The entry of `stockpot stats NAME`, as `parse` wants it. @pre it exists
Command stats_command_named(const std::string& name);

}  // namespace stockpot::cli
