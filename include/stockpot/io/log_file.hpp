#pragma once

#include <filesystem>
#include <string_view>

#include "stockpot/base/unique_handle.hpp"
#include "stockpot/io/file.hpp"

namespace stockpot::io {

/// A text file that grows at its end, also while programs write to it at the same time.
class LogFile {
 public:
  /// Opens or creates it, and its folder. Throws Error{system_io}.
  explicit LogFile(std::filesystem::path path);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// Throws Error{system_io}.
  void append(std::string_view text) const;
  /// For a program's standard error; stays this object's.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }

 private:
  std::filesystem::path path_;
  UniqueHandle<DescriptorTraits> descriptor_;
};

}  // namespace stockpot::io
