#include "stockpot/io/scratch_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "stockpot/base/error.hpp"

namespace stockpot::io {
namespace {

using Descriptor = UniqueHandle<DescriptorTraits>;

constexpr std::string_view prefix = "stockpot-scratch-";
constexpr std::size_t random_letters = 6;
constexpr const char* lock_name = "lock";
constexpr const char* files_name = "files";

[[noreturn]] void throw_no_folder(const std::filesystem::path& parent, int error) {
  throw Error(ExitCode::system_io,
              fmt::format("no scratch folder can be made there: {}",
                          std::error_code(error, std::generic_category()).message()),
              {parent.string(), ""});
}

void remove_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  // The lock goes last: what is left of a removal that was interrupted can still be told to be abandoned.
  std::filesystem::remove_all(folder / files_name, ignored);
  std::filesystem::remove_all(folder, ignored);
}

/// An open file description's lock: gone with the last process that has it open, however that ends.
bool lock(const Descriptor& file, int command) {
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  int failed = 0;
  do {
    failed = ::fcntl(file.get(), command, &whole);
  } while (failed != 0 && errno == EINTR);
  return failed == 0;
}

bool is_removed(const Descriptor& file) {
  struct stat status {};
  return ::fstat(file.get(), &status) == 0 && status.st_nlink == 0;
}

/// The lock of a new folder, held; none if another process took the folder for an abandoned one before.
Descriptor hold(const std::filesystem::path& folder, const std::filesystem::path& parent) {
  const std::filesystem::path path = folder / lock_name;
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) throw_no_folder(parent, errno);
  // On a file system without locks nobody may take this one for abandoned.
  if (!lock(file, F_OFD_SETLKW))
    ::unlink(path.c_str());
  else if (is_removed(file))
    file.reset();
  return file;
}

/// File systems that one kernel has to itself, so that it knows of every lock.
bool is_of_one_host(const std::filesystem::path& folder) {
  constexpr std::array<std::uint32_t, 8> local{0x01021994,   // tmpfs
                                               0x858458f6,   // ramfs
                                               0xef53,       // ext2, ext3, ext4
                                               0x58465342,   // XFS
                                               0x9123683e,   // Btrfs
                                               0xf2f52010,   // F2FS
                                               0x2fc12fc1,   // ZFS
                                               0x794c7630};  // overlayfs
  struct statfs status {};
  return ::statfs(folder.c_str(), &status) == 0 &&
         std::find(local.begin(), local.end(), static_cast<std::uint32_t>(status.f_type)) != local.end();
}

std::vector<std::filesystem::path> scratch_folders_in(const std::filesystem::path& parent) {
  std::vector<std::filesystem::path> found;
  std::error_code failure;
  std::filesystem::directory_iterator entry(parent, failure);
  while (!failure && entry != std::filesystem::directory_iterator()) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(prefix) && name.size() == prefix.size() + random_letters) {
      found.push_back(entry->path());
    }
    entry.increment(failure);
  }
  return found;
}

bool remove_if_abandoned(const std::filesystem::path& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!opened || ::fstat(opened.get(), &status) != 0 || status.st_uid != ::geteuid()) return false;
  const Descriptor file(::openat(opened.get(), lock_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file || !lock(file, F_OFD_SETLK) || is_removed(file)) return false;
  remove_folder(folder);
  return true;
}

}  // namespace

ScratchFolder::ScratchFolder(const std::filesystem::path& parent) {
  while (!lock_) {
    std::string name = (parent / prefix).string() + std::string(random_letters, 'X');
    if (::mkdtemp(name.data()) == nullptr) throw_no_folder(parent, errno);
    folder_ = name;
    try {
      lock_ = hold(folder_, parent);
      std::error_code failure;
      if (lock_) std::filesystem::create_directory(folder_ / files_name, failure);
      if (failure) throw_no_folder(parent, failure.value());
    } catch (...) {
      remove_folder(folder_);
      throw;
    }
  }
  path_ = folder_ / files_name;
}

ScratchFolder::~ScratchFolder() {
  remove_folder(folder_);
}

std::size_t remove_abandoned_scratch(const std::filesystem::path& parent) {
  if (!is_of_one_host(parent)) return 0;
  const std::vector<std::filesystem::path> folders = scratch_folders_in(parent);
  return static_cast<std::size_t>(std::count_if(folders.begin(), folders.end(), remove_if_abandoned));
}

}  // namespace stockpot::io
