#pragma once

#include <filesystem>

namespace stockpot::io {

/// A folder of its own for files that pass from one process to another; gone with everything in it when this
/// object goes.
class ScratchFolder {
 public:
  /// Makes `parent`/stockpot-XXXXXX, readable by this user alone. Throws Error{system_io}.
  explicit ScratchFolder(const std::filesystem::path& parent);
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace stockpot::io
