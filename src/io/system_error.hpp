#pragma once

#include <filesystem>
#include <string_view>

namespace stockpot::io {

/// Throws the Error for a failed system call that was to read `path`: what the user can mend by naming
/// another file is Error{input}, the rest Error{system_io}.
[[noreturn]] void throw_read_error(const std::filesystem::path& path, std::string_view action, int error);
/// The same for creating, writing, syncing, renaming, removing: always Error{system_io}; a full disk is named
/// as such.
[[noreturn]] void throw_write_error(const std::filesystem::path& path, std::string_view action, int error);

}  // namespace stockpot::io
