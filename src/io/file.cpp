#include "stockpot/io/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "stockpot/base/error.hpp"
#include "stockpot/base/fault.hpp"
#include "system_error.hpp"

namespace stockpot::io {
namespace {

/// Linux moves at most 2^31 - 4096 bytes per call; below it, calls stay aligned and interruptible.
constexpr std::size_t longest_call_bytes = std::size_t{1} << 30;

std::atomic<std::uint64_t> read_bytes{0};
std::atomic<std::uint64_t> written_bytes{0};

int open_retrying(const std::filesystem::path& path, int flags) {
  while (true) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
    if (descriptor >= 0 || errno != EINTR) return descriptor;
  }
}

bool is_regular(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

off_t as_offset(const std::filesystem::path& path, std::uint64_t offset, std::uint64_t bytes) {
  std::uint64_t end = 0;
  if (__builtin_add_overflow(offset, bytes, &end) ||
      end > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) {
    throw Error(ExitCode::input, fmt::format("byte range at {} is beyond what a file can hold", offset),
                {path.string(), ""});
  }
  return static_cast<off_t>(offset);
}

/// Digest of fixed places: they catch a replaced file without reading all of it.
Digest sample_of(const File& file, std::uint64_t size) {
  constexpr std::uint64_t end_bytes = std::uint64_t{64} << 10;
  constexpr std::uint64_t page_bytes = 4096;
  constexpr std::uint64_t pages = 14;
  Digester digester;
  std::vector<std::byte> buffer(end_bytes);
  const auto add = [&](std::uint64_t offset, std::uint64_t bytes) {
    const std::span<std::byte> part(buffer.data(), static_cast<std::size_t>(bytes));
    file.read_exact(offset, part);
    digester.add(part);
  };
  const std::uint64_t head = std::min(size, end_bytes);
  add(0, head);
  if (size > 2 * end_bytes + pages * page_bytes) {
    for (std::uint64_t i = 1; i <= pages; ++i) {
      add(size / (pages + 1) * i / page_bytes * page_bytes, page_bytes);
    }
  }
  const std::uint64_t tail = std::min(size - head, end_bytes);
  add(size - tail, tail);
  return digester.finish();
}

}  // namespace

void DescriptorTraits::release(Handle descriptor) noexcept {
  ::close(descriptor);
}

File File::open_to_read(const std::filesystem::path& path) {
  // Without O_NONBLOCK a pipe at this name would block here for ever.
  File file(path, open_retrying(path, O_RDONLY | O_NONBLOCK));
  if (!file.descriptor_) throw_read_error(path, "open", errno);
  if (!is_regular(file.descriptor_.get())) {
    throw Error(ExitCode::input, "is not a regular file", {path.string(), ""});
  }
  return file;
}

File File::open_to_write(const std::filesystem::path& path) {
  File file(path, open_retrying(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK));
  if (!file.descriptor_) throw_write_error(path, "open for writing", errno);
  if (!is_regular(file.descriptor_.get())) {
    throw Error(ExitCode::system_io, "can't write: is not a regular file", {path.string(), ""});
  }
  return file;
}

File File::create_new(const std::filesystem::path& path) {
  File file(path, open_retrying(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW));
  if (!file.descriptor_) throw_write_error(path, "create", errno);
  return file;
}

std::optional<File> File::try_create_new(const std::filesystem::path& path) {
  File file(path, open_retrying(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW));
  if (file.descriptor_) return file;
  if (errno != EEXIST && errno != ENOENT) throw_write_error(path, "create", errno);
  return std::nullopt;
}

std::uint64_t File::size() const {
  struct stat status {};
  if (::fstat(descriptor_.get(), &status) != 0) throw_read_error(path_, "stat", errno);
  return static_cast<std::uint64_t>(status.st_size);
}

void File::read_exact(std::uint64_t offset, std::span<std::byte> bytes) const {
  as_offset(path_, offset, bytes.size());
  while (!bytes.empty()) {
    const FaultVerdict verdict = fault(FaultPoint::read, std::min(bytes.size(), longest_call_bytes));
    if (verdict.error != 0) throw_read_error(path_, "read", verdict.error);
    const ssize_t moved = ::pread(descriptor_.get(), bytes.data(), verdict.bytes, static_cast<off_t>(offset));
    if (moved < 0) {
      if (errno == EINTR) continue;
      throw_read_error(path_, "read", errno);
    }
    if (moved == 0) {
      throw Error(
          ExitCode::input,
          fmt::format("file is shorter than its header says (truncated or replaced?): no byte at {}", offset),
          {path_.string(), ""});
    }
    const auto count = static_cast<std::size_t>(moved);
    read_bytes.fetch_add(count, std::memory_order_relaxed);
    bytes = bytes.subspan(count);
    offset += count;
  }
}

void File::write_all(std::uint64_t offset, std::span<const std::byte> bytes) const {
  as_offset(path_, offset, bytes.size());
  while (!bytes.empty()) {
    const FaultVerdict verdict = fault(FaultPoint::write, std::min(bytes.size(), longest_call_bytes));
    if (verdict.error != 0) throw_write_error(path_, "write", verdict.error);
    const ssize_t moved =
        ::pwrite(descriptor_.get(), bytes.data(), verdict.bytes, static_cast<off_t>(offset));
    if (moved < 0) {
      if (errno == EINTR) continue;
      throw_write_error(path_, "write", errno);
    }
    const auto count = static_cast<std::size_t>(moved);
    written_bytes.fetch_add(count, std::memory_order_relaxed);
    bytes = bytes.subspan(count);
    offset += count;
  }
}

void File::resize(std::uint64_t bytes) const {
  const off_t length = as_offset(path_, bytes, 0);
  while (::ftruncate(descriptor_.get(), length) != 0) {
    if (errno != EINTR) throw_write_error(path_, "resize", errno);
  }
}

void File::sync() const {
  const FaultVerdict verdict = fault(FaultPoint::sync, 0);
  if (verdict.error != 0) throw_write_error(path_, "sync", verdict.error);
  // After a failed fsync the kernel may have dropped the pages: a second try would lie, so only EINTR
  // repeats.
  while (::fsync(descriptor_.get()) != 0) {
    if (errno != EINTR) throw_write_error(path_, "sync", errno);
  }
}

FileIdentity File::identity() const {
  struct stat status {};
  if (::fstat(descriptor_.get(), &status) != 0) throw_read_error(path_, "stat", errno);
  FileIdentity identity;
  identity.size = static_cast<std::uint64_t>(status.st_size);
  identity.modified_ns = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
  identity.sample = sample_of(*this, identity.size);
  return identity;
}

bool File::touch() const noexcept {
  return ::futimens(descriptor_.get(), nullptr) == 0;
}

bool File::is_at(const std::filesystem::path& path) const noexcept {
  struct stat here {};
  struct stat there {};
  return ::fstat(descriptor_.get(), &here) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

FileIdentity identify(const File& file) {
  return file.identity();
}

TransferCounters transfer_counters() {
  return {read_bytes.load(std::memory_order_relaxed), written_bytes.load(std::memory_order_relaxed)};
}

}  // namespace stockpot::io
