#include "lock_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <string>

#include "lock_holder.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/fault.hpp"
#include "system_error.hpp"

namespace stockpot::io {
namespace {

constexpr std::string_view sibling_prefix = "lock.claim-";

enum class Link { made, taken, unsupported };

bool lacks_hard_links(int error) {
  return error == EPERM || error == EOPNOTSUPP || error == ENOSYS;
}

Link link_to(const File& sibling, const std::filesystem::path& path) {
  int error = fault(FaultPoint::link, 0).error;
  if (error == 0 && ::link(sibling.path().c_str(), path.c_str()) != 0) error = errno;
  // A network file system repeats a call whose answer got lost and then reports the name as taken.
  if (error == 0 || (error == EEXIST && sibling.is_at(path))) return Link::made;
  if (error == EEXIST || error == ENOENT) return Link::taken;
  if (lacks_hard_links(error)) return Link::unsupported;
  throw_write_error(path, "create", error);
}

/// The sibling by its new name; nullopt if that is gone again.
std::optional<File> open_linked(const File& sibling, const std::filesystem::path& path) {
  try {
    File file = File::open_to_read(path);
    if (sibling.is_at(path)) return file;
  } catch (const Error&) {
    if (sibling.is_at(path)) throw;
  }
  return std::nullopt;
}

/// The new file holds `text`; nullopt if the name is taken or its folder is gone.
std::optional<File> create_with_text(const std::filesystem::path& path, const std::string& text) {
  std::optional<File> file = File::try_create_new(path);
  if (!file) return std::nullopt;
  try {
    file->write_all(0, std::as_bytes(std::span(text)));
  } catch (...) {
    ::unlink(path.c_str());
    throw;
  }
  return file;
}

class UnlinkAtEnd {
 public:
  explicit UnlinkAtEnd(const std::filesystem::path& path) : path_(path) {}
  UnlinkAtEnd(const UnlinkAtEnd&) = delete;
  UnlinkAtEnd& operator=(const UnlinkAtEnd&) = delete;
  ~UnlinkAtEnd() { ::unlink(path_.c_str()); }

 private:
  const std::filesystem::path& path_;
};

}  // namespace

std::optional<File> create_lock_file(const std::filesystem::path& path) {
  const LockHolder holder = LockHolder::of_this_process();
  const std::filesystem::path sibling =
      path.parent_path() / fmt::format("{}{}", sibling_prefix, holder.token);
  // Before the file: NFS keeps what is unlinked while it is open, under a name of its own.
  const UnlinkAtEnd unlink_at_end(sibling);
  const std::optional<File> written = create_with_text(sibling, holder.text());
  if (!written) return std::nullopt;
  switch (link_to(*written, path)) {
    case Link::made:
      return open_linked(*written, path);
    case Link::taken:
      return std::nullopt;
    case Link::unsupported:
      break;
  }
  return create_with_text(path, holder.text());
}

bool is_lock_sibling(std::string_view name) {
  return name.starts_with(sibling_prefix);
}

}  // namespace stockpot::io
