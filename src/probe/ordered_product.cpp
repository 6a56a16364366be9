#include "ordered_product.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <vector>

namespace stockpot::probe {
namespace {

constexpr std::size_t tile = 4;
using TileRow = Eigen::Array<double, 1, tile>;

/// Columns [first, first + tile) of B as consecutive rows; columns beyond the last are 0.
void pack(const MatrixView& b, std::size_t first, std::vector<double>& panel) {
  const std::size_t columns = std::min(tile, b.columns - first);
  if (columns < tile) std::fill(panel.begin(), panel.end(), 0.0);
  for (std::size_t k = 0; k < b.rows; ++k) {
    const double* row = b.data + k * b.row_stride + first * b.column_stride;
    for (std::size_t j = 0; j < columns; ++j) panel[k * tile + j] = row[j * b.column_stride];
  }
}

/// A tile of C from `tile` rows of A, given by their first elements.
void add_tile(const std::array<const double*, tile>& a, std::size_t a_stride,
              const std::vector<double>& panel, std::array<TileRow, tile>& c) {
  TileRow c0 = c[0];
  TileRow c1 = c[1];
  TileRow c2 = c[2];
  TileRow c3 = c[3];
  const std::size_t terms = panel.size() / tile;
  for (std::size_t k = 0; k < terms; ++k) {
    const Eigen::Map<const TileRow> b(panel.data() + k * tile);
    const std::size_t at = k * a_stride;
    c0 += a[0][at] * b;
    c1 += a[1][at] * b;
    c2 += a[2][at] * b;
    c3 += a[3][at] * b;
  }
  c = {c0, c1, c2, c3};
}

}  // namespace

void add_product(const MatrixView& a, const MatrixView& b, double* c) {
  std::vector<double> panel(b.rows * tile);
  std::array<TileRow, tile> sums;
  for (std::size_t column = 0; column < b.columns; column += tile) {
    pack(b, column, panel);
    const std::size_t columns = std::min(tile, b.columns - column);
    for (std::size_t row = 0; row < a.rows; row += tile) {
      const std::size_t rows = std::min(tile, a.rows - row);
      std::array<const double*, tile> starts{};
      for (std::size_t i = 0; i < tile; ++i) {
        starts[i] = a.data + (row + std::min(i, rows - 1)) * a.row_stride;
        sums[i].setZero();
      }
      const auto element = [&](std::size_t i, std::size_t j) -> double& {
        return c[(row + i) * b.columns + column + j];
      };
      for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) sums[i](static_cast<Eigen::Index>(j)) = element(i, j);
      }
      add_tile(starts, a.column_stride, panel, sums);
      for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) element(i, j) = sums[i](static_cast<Eigen::Index>(j));
      }
    }
  }
}

}  // namespace stockpot::probe
