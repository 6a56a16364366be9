#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace stockpot::io {

/// Labelled examples in HDF5: `/x` [examples, values] of F16, F32 or F64 and `/y` [examples] of integers,
/// contiguous or chunked, filtered or not. Refused, Error{input} with file and object: foreign and truncated
/// files, a missing or unknown object, other types (big-endian ones too) and ranks, examples of no values,
/// lengths that differ, links that leave the file; on reading, NaN, infinities and negative labels.
class DataFile {
 public:
  explicit DataFile(const std::filesystem::path& path);
  ~DataFile();
  DataFile(DataFile&&) noexcept;
  DataFile& operator=(DataFile&&) noexcept;

  [[nodiscard]] const std::filesystem::path& path() const;
  [[nodiscard]] std::uint64_t examples() const;
  /// Values of one example.
  [[nodiscard]] std::uint64_t input_elements() const;

  /// Reads examples first, first + 1, ..., as many as `labels` has room for, exactly; `inputs` is
  /// [labels.size(), input_elements()]. Thread safe; reads take turns, as the library isn't. Throws
  /// std::out_of_range for examples that the file hasn't, std::invalid_argument for `inputs` of another size.
  void read(std::uint64_t first, std::span<double> inputs, std::span<std::int64_t> labels) const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace stockpot::io
