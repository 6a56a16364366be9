#pragma once

#include <string>
#include <string_view>

namespace stockpot {

/// "MAJOR.MINOR.PATCH" of this program; stands in the manifest.
std::string_view version();

/// Git revision that was built, "-dirty" appended for a changed tree; "unknown" outside git.
std::string_view revision();

}  // namespace stockpot
