#pragma once

#include <string>
#include <vector>

namespace stockpot::io {

/// Existing paths that match a shell pattern (`*`, `?`, `[...]`, leading `~`), in no particular order; none
/// is no error.
std::vector<std::string> glob(const std::string& pattern);

}  // namespace stockpot::io
