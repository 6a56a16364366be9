#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "stockpot/io/file.hpp"

namespace stockpot::soup {

/// A text file that grows by whole lines. Local.
class LineFile {
 public:
  /// Opens or creates the file; a last line without line feed is cut off, its writer died there. Throws
  /// Error{system_io}.
  explicit LineFile(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return file_.path(); }
  /// What stood there when it was opened.
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
  void add(const std::string& line);
  void sync() const { file_.sync(); }

 private:
  io::File file_;
  std::uint64_t bytes_ = 0;
  std::vector<std::string> lines_;
};

}  // namespace stockpot::soup
