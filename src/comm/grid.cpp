#include "stockpot/comm/grid.hpp"

#include <fmt/format.h>

namespace stockpot::comm {

GridCommunicators make_grid(Communicator& world, int rows, int columns) {
  const std::int64_t places = std::int64_t{rows} * columns;
  if (rows < 1 || columns < 1 || places != world.size()) {
    throw Error(ExitCode::usage, fmt::format("a grid of {}x{} needs {} ranks, but there {} {}", rows, columns,
                                             rows < 1 || columns < 1 ? "at least one row and column of"
                                                                     : std::to_string(places),
                                             world.size() == 1 ? "is" : "are", world.size()));
  }
  const Grid grid{rows, columns};
  const int row = grid.row_of(world.rank());
  const int column = grid.column_of(world.rank());
  Communicator row_ranks = world.split(row, column, "grid rows");
  Communicator column_ranks = world.split(column, row, "grid columns");
  return {grid, std::move(row_ranks), std::move(column_ranks)};
}

}  // namespace stockpot::comm
