#pragma once

#include <cstddef>
#include <filesystem>

#include "stockpot/base/unique_handle.hpp"
#include "stockpot/io/file.hpp"

namespace stockpot::io {

/// A folder of its own for files that pass from one process to another; gone with everything in it when this
/// object goes. What a killed process leaves is known by a lock that nobody holds.
class ScratchFolder {
 public:
  /// Makes `parent`/stockpot-scratch-XXXXXX, readable by this user alone. Throws Error{system_io}.
  explicit ScratchFolder(const std::filesystem::path& parent);
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder();

  /// Empty at first.
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path folder_;
  std::filesystem::path path_;
  UniqueHandle<DescriptorTraits> lock_;
};

/// Removes from `parent` what ScratchFolders of this user's killed processes have left there, and tells how
/// many. Touches nothing on file systems that hosts share, where a lock may not be seen from elsewhere.
/// Local; throws nothing but for want of memory: what can't be removed stays.
std::size_t remove_abandoned_scratch(const std::filesystem::path& parent);

}  // namespace stockpot::io
