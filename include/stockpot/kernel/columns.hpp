#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "stockpot/kernel/linear_form.hpp"

namespace stockpot::kernel {

/// Two vectors for each column of a matrix stored row by row: of two models or, with an anchor, their task
/// vectors. All functions are local and thread safe and give the same bits on every instruction set.
struct ColumnPair {
  TypedInput first;
  TypedInput second;
  TypedInput anchor;  ///< data is null without one

  [[nodiscard]] bool anchored() const { return anchor.data != nullptr; }
};

/// Sums of a column: of y_0 y_0, y_0 y_1, y_1 y_1 and (x_1 - x_0)^2.
inline constexpr std::size_t column_sums = 4;

/// sums[s * columns + c] becomes sum s of column c over `rows` rows, from the first row on; every operation
/// is rounded. O(rows * columns). Throws std::invalid_argument unless `sums` has column_sums * columns
/// entries.
/// @pre dtypes are mergeable
void column_products(const ColumnPair& pair, std::uint64_t rows, std::uint64_t columns,
                     std::span<double> sums);

/// Element e of `count`, which lies in column (first_column + e) % columns, becomes w_0 y_0 + w_1 y_1, with
/// an anchor b + (w_0 y_0 + w_1 y_1), rounded once; the weights are those of the column. Throws
/// std::invalid_argument for lists of different lengths or none. @pre the output's dtype is one
ElementCounts combine_columns(const ColumnPair& pair, std::span<const double> first_weights,
                              std::span<const double> second_weights, std::uint64_t first_column,
                              std::uint64_t count, TypedOutput output);

}  // namespace stockpot::kernel
