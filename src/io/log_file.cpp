#include "stockpot/io/log_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "stockpot/base/fault.hpp"
#include "system_error.hpp"

namespace stockpot::io {

LogFile::LogFile(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code error;
  if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path(), error);
  if (error) throw_write_error(path_.parent_path(), "create this folder", error.value());
  descriptor_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!descriptor_) throw_write_error(path_, "open this log", errno);
}

void LogFile::append(std::string_view text) const {
  while (!text.empty()) {
    const FaultVerdict verdict = fault(FaultPoint::write, text.size());
    if (verdict.error != 0) throw_write_error(path_, "write", verdict.error);
    const ssize_t written = ::write(descriptor_.get(), text.data(), verdict.bytes);
    if (written < 0 && errno != EINTR) throw_write_error(path_, "write", errno);
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace stockpot::io
