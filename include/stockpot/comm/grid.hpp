#pragma once

#include "stockpot/comm/communicator.hpp"

namespace stockpot::comm {

/// Ranks laid out row by row: rank r stands in row r / columns and column r % columns. Rows spread layers,
/// columns spread ingredients.
struct Grid {
  int rows = 1;
  int columns = 1;

  [[nodiscard]] int row_of(int rank) const noexcept { return rank / columns; }
  [[nodiscard]] int column_of(int rank) const noexcept { return rank % columns; }
  [[nodiscard]] int rank_at(int row, int column) const noexcept { return row * columns + column; }
};

/// One rank's place in a grid.
struct GridCommunicators {
  Grid grid;
  Communicator row;     ///< the ranks of this row; rank in it = column
  Communicator column;  ///< the ranks of this column; rank in it = row
};

/// Collective over `world` (two splits). Throws Error{usage} on every rank, before communicating, unless
/// rows * columns is the size of `world`.
GridCommunicators make_grid(Communicator& world, int rows, int columns);

}  // namespace stockpot::comm
