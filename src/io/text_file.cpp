#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>

#include "rename.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/fault.hpp"
#include "stockpot/io/file.hpp"
#include "system_error.hpp"

namespace stockpot::io {
namespace {

std::filesystem::path folder_of(const std::filesystem::path& path) {
  const std::filesystem::path parent = path.parent_path();
  return parent.empty() ? std::filesystem::path(".") : parent;
}

}  // namespace

void rename_over(const std::filesystem::path& from, const std::filesystem::path& to) {
  const FaultVerdict verdict = fault(FaultPoint::rename, 0);
  if (verdict.error != 0) throw_write_error(to, "rename to this name", verdict.error);
  if (::rename(from.c_str(), to.c_str()) != 0) throw_write_error(to, "rename to this name", errno);
}

std::string read_text(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  const File file = File::open_to_read(path);
  const std::uint64_t size = file.size();
  if (size > limit_bytes) {
    throw Error(ExitCode::input,
                fmt::format("has {} bytes, more than the {} such a file may have", size, limit_bytes),
                {path.string(), ""});
  }
  std::string text(static_cast<std::size_t>(size), '\0');
  file.read_exact(0, std::as_writable_bytes(std::span(text)));
  return text;
}

void write_text(const std::filesystem::path& path, std::string_view text, bool durable) {
  static std::atomic<unsigned> serial{0};
  const std::filesystem::path sibling =
      folder_of(path) /
      fmt::format(".{}.tmp-{}-{}", path.filename().string(), ::getpid(), serial.fetch_add(1));
  try {
    const File file = File::create_new(sibling);
    file.write_all(0, std::as_bytes(std::span(text)));
    if (durable) file.sync();
    rename_over(sibling, path);
  } catch (...) {
    ::unlink(sibling.c_str());
    throw;
  }
  if (durable) sync_folder(folder_of(path));
}

void sync_folder(const std::filesystem::path& folder) {
  const UniqueHandle<DescriptorTraits> descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor) throw_write_error(folder, "open this folder", errno);
  const FaultVerdict verdict = fault(FaultPoint::sync, 0);
  if (verdict.error != 0) throw_write_error(folder, "sync this folder", verdict.error);
  // Some file systems can't sync a folder and say EINVAL; they offer no more than what they do anyway.
  if (::fsync(descriptor.get()) != 0 && errno != EINVAL) throw_write_error(folder, "sync this folder", errno);
}

}  // namespace stockpot::io
