#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "stockpot/io/file.hpp"

namespace stockpot::io {

/// Bytes that memory doesn't hold. The file has no name, so it is gone with this object or the process,
/// however that ends. Thread safe.
class ScratchFile {
 public:
  /// In `folder`, which must exist. Throws Error{system_io}.
  explicit ScratchFile(const std::filesystem::path& folder);
  /// Failures are Error{system_io} naming the folder, a full disk as such.
  void write(std::uint64_t offset, std::span<const std::byte> bytes) const { file_.write_all(offset, bytes); }
  void read(std::uint64_t offset, std::span<std::byte> bytes) const { file_.read_exact(offset, bytes); }

 private:
  File file_;
};

}  // namespace stockpot::io
