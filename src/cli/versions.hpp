#pragma once

#include <string>

namespace stockpot::cli {

/// Version of the program and of every library that it links, one a line.
std::string version_text();

}  // namespace stockpot::cli
