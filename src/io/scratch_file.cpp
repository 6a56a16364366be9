#include "stockpot/io/scratch_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <optional>

#include "stockpot/base/error.hpp"

namespace stockpot::io {
namespace {

File create_nameless(const std::filesystem::path& folder) {
  constexpr int most_names = 1000;
  for (int n = 0; n < most_names; ++n) {
    const std::filesystem::path name = folder / fmt::format("scratch-{}-{}", ::getpid(), n);
    std::optional<File> file = File::try_create_new(name);
    if (!file) continue;
    std::filesystem::remove(name);
    return std::move(*file);
  }
  throw Error(ExitCode::system_io, "no scratch file can be created", {folder.string(), ""});
}

}  // namespace

ScratchFile::ScratchFile(const std::filesystem::path& folder) : file_(create_nameless(folder)) {}

}  // namespace stockpot::io
