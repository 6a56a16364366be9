#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "stockpot/io/file.hpp"

namespace stockpot::io {

/// Creates a lock file that names this process; nullopt if the name is taken or its folder is gone. Throws
/// Error{system_io}.
///
/// The name appears with its whole text: the text goes into a sibling of a name unlike any other, which is
/// then linked to `path` (link(2) fails if the name is taken, as O_EXCL does) and unlinked. Thus a process
/// killed at any step leaves no lock that tells nothing of its holder. Where the file system has no hard
/// links, the file is created with O_EXCL and then written.
std::optional<File> create_lock_file(const std::filesystem::path& path);

/// Whether a name is a sibling's, which a process killed meanwhile leaves behind.
bool is_lock_sibling(std::string_view name);

}  // namespace stockpot::io
