#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stockpot/io/file.hpp"
#include "stockpot/io/stored_dataset.hpp"

/// Elements of datasets by their position in row order. Contiguous ones are read with pread, without the
/// library's lock; others open the file through the library on each call and read every leading row that the
/// range touches. Thread safe.
namespace stockpot::io {

/// `values.size()` elements from `first` on, exactly. @pre f16, f32 or f64; the range lies in the dataset
void read_elements(const File& file, const StoredDataset& dataset, std::uint64_t first,
                   std::span<double> values);
/// A block of a contiguous two-dimensional dataset: rows [first_row, first_row + values.size() / columns),
/// columns [first_column, first_column + columns), row by row. @pre f32 or f64, contiguous
void read_rectangle(const File& file, const StoredDataset& dataset, std::uint64_t first_row,
                    std::uint64_t first_column, std::uint64_t columns, std::span<double> values);
/// Which of `count` elements from `first` on are 1; Error{input} for a value other than 0 and 1.
/// @pre an integer type; the range lies in the dataset
std::vector<std::uint8_t> read_flags(const File& file, const StoredDataset& dataset, std::uint64_t first,
                                     std::uint64_t count);

/// Throws Error{input} naming file and object.
[[noreturn]] void refuse_object(const File& file, const StoredDataset& dataset, const std::string& message);

}  // namespace stockpot::io
