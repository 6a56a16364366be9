#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "stockpot/io/file.hpp"

namespace stockpot::io {

/// An exclusive lock on a folder that works on network file systems and outlives no holder for long.
///
/// The lock is a file in the folder, created if the name is free: `lock`; whoever takes over from a dead
/// holder of `lock` creates `lock.1`, then `lock.2` and so on, so the file with the highest number holds. No
/// step replaces or removes a file of another holder: of several claimants the file system lets one win, and
/// a claimant that finds the file before its own changed meanwhile starts again. Release removes all of them,
/// its own last.
class FolderLock {
 public:
  struct Options {
    double heartbeat_seconds = 10.0;
    double takeover_seconds = 60.0;
  };

  /// Waits up to `takeover_seconds` for a sign of life of a present holder. Throws Error{usage} naming the
  /// holder if there is one. nullptr if the folder vanishes meanwhile.
  static std::unique_ptr<FolderLock> acquire(const std::filesystem::path& folder, const Options& options);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  /// Stops the heartbeat; releases the lock in the folder it is in by now.
  ~FolderLock();

  /// True as long as nobody has taken over.
  [[nodiscard]] bool is_held() const;
  /// The folder was renamed, with the lock in it.
  void folder_moved(const std::filesystem::path& folder);

 private:
  FolderLock(std::filesystem::path folder, std::uint64_t generation, File file, double heartbeat_seconds);
  void beat(double seconds);
  void release() const noexcept;

  std::filesystem::path folder_;
  std::uint64_t generation_;
  File file_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread heartbeat_;
};

/// Whether a name in the folder belongs to the lock.
bool is_lock_name(const std::string& name);
/// Description of the holder that the folder's lock names; nullopt without a lock.
std::optional<std::string> lock_holder_of(const std::filesystem::path& folder);

}  // namespace stockpot::io
