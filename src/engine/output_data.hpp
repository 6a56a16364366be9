#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace stockpot::engine {

/// Where the tensor data of the output go. Thread safe.
class OutputData {
 public:
  OutputData() = default;
  OutputData(const OutputData&) = delete;
  OutputData& operator=(const OutputData&) = delete;
  virtual ~OutputData() = default;

  /// `file` is an index into OutputLayout::files, `offset` one into that file.
  virtual void write(std::uint32_t file, std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  /// Where bytes may be made that are then written from there, which costs nothing; null where that can't be.
  virtual std::byte* room(std::uint32_t /*file*/, std::uint64_t /*offset*/) { return nullptr; }
  /// Reads back what was written, in this run or in one that it continues.
  virtual void read(std::uint32_t file, std::uint64_t offset, std::span<std::byte> bytes) = 0;
  /// What this rank wrote outlasts the machine's end.
  virtual void sync() = 0;
};

}  // namespace stockpot::engine
