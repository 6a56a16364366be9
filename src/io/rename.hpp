#pragma once

#include <filesystem>

namespace stockpot::io {

/// rename(2): replaces a file, or an empty folder by a folder. Throws Error{system_io}.
void rename_over(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace stockpot::io
