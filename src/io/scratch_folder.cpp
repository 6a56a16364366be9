#include "stockpot/io/scratch_folder.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "stockpot/base/error.hpp"

namespace stockpot::io {

ScratchFolder::ScratchFolder(const std::filesystem::path& parent) {
  std::string name = (parent / "stockpot-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw Error(ExitCode::system_io,
                fmt::format("no scratch folder can be made there: {}",
                            std::error_code(errno, std::generic_category()).message()),
                {parent.string(), ""});
  }
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace stockpot::io
