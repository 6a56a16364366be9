#pragma once

#include <algorithm>
#include <vector>

#include "kernel/require.hpp"
#include "stockpot/kernel/columns_view.hpp"

namespace stockpot::kernel {

/// Blocks of solve_block_columns columns, each stored column by column as the BLAS takes them: in place where
/// the columns are stored so, otherwise as copies, padded with zeros. T is double or const double.
template <typename T>
class ColumnBlocks {
 public:
  /// Reads columns [first, first + count) of `columns`.
  ColumnBlocks(BasicColumns<T> columns, std::size_t first, std::size_t count) : columns_(columns) {
    for (std::size_t done = 0; done < count; done += solve_block_columns) {
      Block& block = blocks_.emplace_back();
      block.first = first + done;
      block.count = std::min(solve_block_columns, count - done);
      if (columns.row_stride == 1 && block.count == solve_block_columns) {
        block.data = columns.column(block.first);
        block.stride = columns.column_stride;
      } else {
        load(block);
      }
    }
  }

  [[nodiscard]] std::size_t size() const { return blocks_.size(); }
  [[nodiscard]] T* data(std::size_t block) const { return blocks_[block].data; }
  [[nodiscard]] std::size_t stride(std::size_t block) const { return blocks_[block].stride; }

  /// Writes the copies back.
  void store() const {
    for (const Block& block : blocks_) {
      for (std::size_t e = 0; !block.copy.empty() && e < columns_.length; ++e) {
        for (std::size_t c = 0; c < block.count; ++c)
          element(e, block.first + c) = block.copy[c * columns_.length + e];
      }
    }
  }

 private:
  struct Block {
    std::size_t first = 0;
    std::size_t count = 0;
    T* data = nullptr;
    std::size_t stride = 0;
    std::vector<double> copy;
  };

  T& element(std::size_t e, std::size_t c) const {
    return columns_.data[e * columns_.row_stride + c * columns_.column_stride];
  }
  void load(Block& block) const {
    block.copy.resize(solve_block_columns * columns_.length);
    for (std::size_t e = 0; e < columns_.length; ++e) {
      for (std::size_t c = 0; c < block.count; ++c)
        block.copy[c * columns_.length + e] = element(e, block.first + c);
    }
    block.data = block.copy.data();
    block.stride = columns_.length;
  }

  BasicColumns<T> columns_;
  std::vector<Block> blocks_;
};

/// Columns that are worked on together, so that a tile of the matrix is read from memory once for all of
/// them, and that bound the memory of copies.
inline constexpr std::size_t column_group = 8 * solve_block_columns;

template <typename T>
void require_columns(const BasicColumns<T>& columns, std::size_t length) {
  require(columns.length == length, "columns: not as long as the matrix");
  require(columns.row_stride == 1 || columns.column_stride == 1, "columns: no stride is 1");
}

}  // namespace stockpot::kernel
