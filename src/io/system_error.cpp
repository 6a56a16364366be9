#include "system_error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "stockpot/base/error.hpp"

namespace stockpot::io {
namespace {

std::string reason(int error) {
  return std::generic_category().message(error);
}

bool is_full(int error) {
  return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

bool is_users_to_mend(int error) {
  return error == ENOENT || error == EACCES || error == EPERM || error == EISDIR || error == ENOTDIR ||
         error == ELOOP || error == ENAMETOOLONG;
}

}  // namespace

void throw_read_error(const std::filesystem::path& path, std::string_view action, int error) {
  throw Error(is_users_to_mend(error) ? ExitCode::input : ExitCode::system_io,
              fmt::format("can't {}: {}", action, reason(error)), {path.string(), ""});
}

void throw_write_error(const std::filesystem::path& path, std::string_view action, int error) {
  throw Error(ExitCode::system_io,
              fmt::format("{}can't {}: {}", is_full(error) ? "disk full: " : "", action, reason(error)),
              {path.string(), ""});
}

}  // namespace stockpot::io
