#include "stockpot/kernel/input_gram.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernel/blas.hpp"
#include "kernel/require.hpp"
#include "stockpot/kernel/linear_form.hpp"

namespace stockpot::kernel {
namespace {

/// Columns of a triangle that are computed together; few enough for a bounded workspace.
constexpr std::size_t chunk_columns = 4 * gram_tile_rows;

/// Neighbouring columns of a block as doubles.
struct WideColumns {
  const double* data;
  std::size_t stride;
};

/// Widens columns into a workspace of its own, or shows them in place where they are doubles.
class Widener {
 public:
  Widener(const InputBlock& block, std::size_t most_columns) : block_(block) {
    const bool is_aligned = reinterpret_cast<std::uintptr_t>(block.data) % alignof(double) == 0;
    in_place_ = block.dtype == DType::f64 && is_aligned;
    if (!in_place_) widened_.resize(block.rows * most_columns);
  }

  WideColumns columns(std::size_t first, std::size_t count) {
    if (in_place_) return {reinterpret_cast<const double*>(block_.data) + first, block_.stride};
    const auto element_bytes = static_cast<std::size_t>(bytes(block_.dtype));
    for (std::size_t row = 0; row < block_.rows; ++row) {
      const TypedInput from{block_.dtype, block_.data + (row * block_.stride + first) * element_bytes};
      convert(from, {DType::f64, reinterpret_cast<std::byte*>(widened_.data() + row * count)}, count);
    }
    return {widened_.data(), count};
  }

 private:
  InputBlock block_;
  bool in_place_ = false;
  std::vector<double> widened_;
};

void check(const InputBlock& block, const TrianglePanel& panel) {
  const auto is_cut = [&](std::size_t row) { return row % gram_tile_rows == 0 || row == block.columns; };
  require(is_mergeable(block.dtype), "input_gram: no floating elements");
  require(block.rows < 2 || block.stride >= block.columns, "input_gram: the block's rows overlap");
  require(panel.first_row <= panel.end_row && panel.end_row <= block.columns, "input_gram: no such panel");
  require(is_cut(panel.first_row) && is_cut(panel.end_row), "input_gram: the panel cuts a tile");
  require(panel.stride >= panel.end_row, "input_gram: the panel's rows overlap");
}

}  // namespace

void add_input_gram(const InputBlock& block, const TrianglePanel& panel) {
  if (panel.first_row == panel.end_row) return;
  check(block, panel);
  if (block.rows == 0) return;
  Widener wide_columns(block, std::min(chunk_columns, panel.end_row));
  Widener tile_columns(block, std::min(gram_tile_rows, panel.end_row));
  for (std::size_t chunk = 0; chunk < panel.end_row; chunk += chunk_columns) {
    const std::size_t chunk_end = std::min(chunk + chunk_columns, panel.end_row);
    const WideColumns left = wide_columns.columns(chunk, chunk_end - chunk);
    const std::size_t first_tile = std::max(panel.first_row, chunk);
    for (std::size_t tile = first_tile; tile < panel.end_row; tile += gram_tile_rows) {
      const std::size_t rows = std::min(gram_tile_rows, panel.end_row - tile);
      const bool holds_diagonal = tile < chunk_end;
      const WideColumns right = holds_diagonal ? WideColumns{left.data + (tile - chunk), left.stride}
                                               : tile_columns.columns(tile, rows);
      double* const sums = panel.row(tile);
      const std::size_t before = std::min(tile, chunk_end) - chunk;  // columns left of the diagonal tile
      if (before > 0) {
        blas::add_product(before, rows, block.rows, 1.0, {left.data, left.stride, false},
                          {right.data, right.stride, true}, sums + chunk, panel.stride);
      }
      if (holds_diagonal) {
        blas::add_outer_product(rows, block.rows, right.data, right.stride, sums + tile, panel.stride);
      }
    }
  }
}

std::size_t input_gram_workspace_bytes(DType dtype, std::size_t rows) {
  return dtype == DType::f64 ? 0 : rows * (chunk_columns + gram_tile_rows) * sizeof(double);
}

}  // namespace stockpot::kernel
