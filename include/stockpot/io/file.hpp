#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "stockpot/base/digest.hpp"
#include "stockpot/base/unique_handle.hpp"

namespace stockpot::io {

struct DescriptorTraits {
  using Handle = int;
  static Handle none() noexcept { return -1; }
  static void release(Handle descriptor) noexcept;
};

/// What a file is known by before its content has been read. Two identities differ when the file was replaced
/// or touched.
struct FileIdentity {
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  Digest sample;  ///< of the first 64 KiB, the last 64 KiB and a few 4 KiB pages between at fixed fractions

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// One open file; every byte of a checkpoint moves through this class. Thread safe: offsets are explicit
/// (pread, pwrite), files are never mapped. Errors name the path. Reading: missing, unreadable or too short
/// -> Error{input}, EIO -> Error{system_io}. Writing: any failure -> Error{system_io} (full disk named as
/// such).
class File {
 public:
  static File open_to_read(const std::filesystem::path& path);
  /// Creates or opens for writing (reading back is possible), never truncates. Follows no symbolic link at
  /// the last component.
  static File open_to_write(const std::filesystem::path& path);
  /// The same, but the file must not exist yet.
  static File create_new(const std::filesystem::path& path);
  /// The same; nullopt if the name is taken or its folder is missing.
  static std::optional<File> try_create_new(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::uint64_t size() const;
  void read_exact(std::uint64_t offset, std::span<std::byte> bytes) const;
  void write_all(std::uint64_t offset, std::span<const std::byte> bytes) const;
  void resize(std::uint64_t bytes) const;
  void sync() const;
  [[nodiscard]] FileIdentity identity() const;
  /// Sets the modification time to the file system's now; false if that fails.
  bool touch() const noexcept;
  /// True if `path` names this very file.
  [[nodiscard]] bool is_at(const std::filesystem::path& path) const noexcept;

 private:
  File(std::filesystem::path path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  std::filesystem::path path_;
  UniqueHandle<DescriptorTraits> descriptor_;
};

/// `file.identity()`; reads at most 184 KiB.
FileIdentity identify(const File& file);

/// Whole small text file (config, index, recipe); Error{input} when it is larger than `limit_bytes`.
std::string read_text(const std::filesystem::path& path, std::uint64_t limit_bytes);
/// Writes `text` to a sibling and renames it over `path`; with `durable` both file and folder are synced.
void write_text(const std::filesystem::path& path, std::string_view text, bool durable);
/// fsync of a folder, so that renames in it last.
void sync_folder(const std::filesystem::path& folder);

/// Bytes moved by this process through `File` since start.
struct TransferCounters {
  std::uint64_t read_bytes = 0;
  std::uint64_t written_bytes = 0;
};
TransferCounters transfer_counters();

}  // namespace stockpot::io
