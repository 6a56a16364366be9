#include "folder_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <exception>
#include <string_view>
#include <utility>
#include <vector>

#include "lock_file.hpp"
#include "lock_holder.hpp"
#include "stockpot/base/error.hpp"
#include "system_error.hpp"

namespace stockpot::io {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::string_view first_name = "lock";

std::string lock_name(std::uint64_t generation) {
  return generation == 0 ? std::string(first_name) : fmt::format("{}.{}", first_name, generation);
}

std::optional<std::uint64_t> generation_of(std::string_view name) {
  if (name == first_name) return 0;
  if (name.substr(0, first_name.size() + 1) != "lock.") return std::nullopt;
  name.remove_prefix(first_name.size() + 1);
  std::uint64_t generation = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), generation);
  if (failure != std::errc{} || end != name.data() + name.size() || generation == 0) return std::nullopt;
  return generation;
}

/// Generations present, ascending; empty also if the folder is gone.
std::vector<std::uint64_t> generations_in(const std::filesystem::path& folder) {
  std::vector<std::uint64_t> found;
  std::error_code failure;
  std::filesystem::directory_iterator entry(folder, failure);
  while (!failure && entry != std::filesystem::directory_iterator()) {
    const std::optional<std::uint64_t> generation = generation_of(entry->path().filename().string());
    if (generation) found.push_back(*generation);
    entry.increment(failure);
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// What a watcher sees of a lock file. Clocks of hosts differ, so only changes of it mean anything.
struct Sign {
  std::string text;
  std::int64_t modified_ns = 0;
  ino_t inode = 0;

  friend bool operator==(const Sign&, const Sign&) = default;
};

/// Opening anew makes a network file system ask the server. nullopt if the file is gone.
std::optional<Sign> look_at(const std::filesystem::path& path) {
  const UniqueHandle<DescriptorTraits> file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    throw_write_error(path, "look at this lock", errno);
  }
  struct stat status {};
  std::array<char, 4096> buffer{};
  const ssize_t length = ::read(file.get(), buffer.data(), buffer.size());
  if (length < 0 || ::fstat(file.get(), &status) != 0) throw_write_error(path, "look at this lock", errno);
  return Sign{std::string(buffer.data(), static_cast<std::size_t>(length)),
              std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec, status.st_ino};
}

enum class Verdict { dead, changed };

/// Decides about the holder of generation `generation`, which looked like `first`. A sign of life throws.
Verdict judge(const std::filesystem::path& folder, std::uint64_t generation, const Sign& first,
              double takeover_seconds) {
  const LockHolder holder = LockHolder::parse(first.text);
  if (holder.is_gone()) return Verdict::dead;
  const auto deadline = Clock::now() + std::chrono::duration<double>(takeover_seconds);
  const auto pause = std::chrono::duration<double>(std::clamp(takeover_seconds / 100, 0.005, 0.5));
  while (Clock::now() < deadline) {
    std::this_thread::sleep_for(pause);
    const std::optional<Sign> now = look_at(folder / lock_name(generation));
    const std::vector<std::uint64_t> generations = generations_in(folder);
    if (!now || generations.empty() || generations.back() != generation) return Verdict::changed;
    if (*now == first) continue;
    // Without hard links, the first text may have been seen before it was written whole.
    throw Error(ExitCode::usage,
                "another job is writing this output: " + LockHolder::parse(now->text).describe(),
                {folder.string(), ""});
  }
  return Verdict::dead;
}

/// A claimant that still needs its sibling starts again.
void remove_siblings(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::directory_iterator entry(folder, failure);
  while (!failure && entry != std::filesystem::directory_iterator()) {
    if (is_lock_sibling(entry->path().filename().string())) ::unlink(entry->path().c_str());
    entry.increment(failure);
  }
}

}  // namespace

bool is_lock_name(const std::string& name) {
  return generation_of(name).has_value() || is_lock_sibling(name);
}

std::optional<std::string> lock_holder_of(const std::filesystem::path& folder) {
  const std::vector<std::uint64_t> generations = generations_in(folder);
  if (generations.empty()) return std::nullopt;
  const std::optional<Sign> sign = look_at(folder / lock_name(generations.back()));
  if (!sign) return std::nullopt;
  return LockHolder::parse(sign->text).describe();
}

std::unique_ptr<FolderLock> FolderLock::acquire(const std::filesystem::path& folder, const Options& options) {
  while (true) {
    struct stat status {};
    if (::lstat(folder.c_str(), &status) != 0) return nullptr;
    const std::vector<std::uint64_t> before = generations_in(folder);
    std::optional<Sign> predecessor;
    if (!before.empty()) {
      predecessor = look_at(folder / lock_name(before.back()));
      if (!predecessor) continue;
      if (judge(folder, before.back(), *predecessor, options.takeover_seconds) == Verdict::changed) continue;
    }
    const std::uint64_t generation = before.empty() ? 0 : before.back() + 1;
    const std::filesystem::path path = folder / lock_name(generation);
    std::optional<File> file = create_lock_file(path);
    if (!file) continue;
    // Another claimant may have acted on what it saw before this file stood; at most one of the two stays.
    const std::vector<std::uint64_t> after = generations_in(folder);
    const bool is_highest = !after.empty() && after.back() == generation;
    const bool unchanged =
        before.empty() ? after.size() == 1 : look_at(folder / lock_name(before.back())) == predecessor;
    if (is_highest && unchanged) {
      return std::unique_ptr<FolderLock>(
          new FolderLock(folder, generation, *std::move(file), options.heartbeat_seconds));
    }
    ::unlink(path.c_str());
    std::this_thread::sleep_for(std::chrono::milliseconds(1 + ::getpid() % 16));
  }
}

FolderLock::FolderLock(std::filesystem::path folder, std::uint64_t generation, File file,
                       double heartbeat_seconds)
    : folder_(std::move(folder)),
      generation_(generation),
      file_(std::move(file)),
      heartbeat_([this, heartbeat_seconds] { beat(heartbeat_seconds); }) {}

FolderLock::~FolderLock() {
  {
    const std::scoped_lock guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  heartbeat_.join();
  release();
}

void FolderLock::release() const noexcept {
  try {
    if (!is_held()) return;
    remove_siblings(folder_);
    for (const std::uint64_t generation : generations_in(folder_)) {
      if (generation <= generation_) ::unlink((folder_ / lock_name(generation)).c_str());
    }
  } catch (const std::exception&) {  // out of memory: the lock goes stale instead
  }
}

void FolderLock::beat(double seconds) {
  std::unique_lock guard(mutex_);
  while (!wake_.wait_for(guard, std::chrono::duration<double>(seconds), [this] { return stopping_; })) {
    file_.touch();
  }
}

bool FolderLock::is_held() const {
  const std::vector<std::uint64_t> generations = generations_in(folder_);
  return !generations.empty() && generations.back() == generation_ &&
         file_.is_at(folder_ / lock_name(generation_));
}

void FolderLock::folder_moved(const std::filesystem::path& folder) {
  folder_ = folder;
}

}  // namespace stockpot::io
