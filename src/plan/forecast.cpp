#include <algorithm>
#include <optional>
#include <set>

#include "plan/reductions.hpp"
#include "stockpot/plan/merge_plan.hpp"
#include "stockpot/plan/tiling.hpp"
#include "stockpot/plan/unit_traffic.hpp"

namespace stockpot::plan {

namespace {

std::uint64_t sampled_elements(const TensorTask& task, const ElementSpan& span) {
  std::uint64_t elements = 0;
  for (const ElementSpan& leaf : sampled_leaves(span)) elements += leaf.count + rows_overhang(task, leaf);
  return elements;
}

}  // namespace

std::vector<Traffic> unit_traffic(const MergePlan& plan, const ModelSet& models, std::uint32_t task_index,
                                  std::uint64_t unit) {
  const TensorTask& task = plan.tasks[task_index];
  const ElementSpan span = unit_span(task, models, unit);
  const std::uint64_t elements = span.count;
  const std::uint64_t covered = elements + rows_overhang(task, span);
  const auto& place = plan.scopes.place[task_index];
  const std::uint64_t samples = place ? plan.scopes.groups[place->scope].cost.samples : 0;
  const std::uint64_t surveyed =
      (readings(plan, task_index) - 1) * covered + (samples * sampled_elements(task, span));
  const std::uint64_t owner = owner_column(plan, task_index, unit);
  std::vector<Traffic> columns(plan.grid.columns);
  const auto tile_bytes = [&](const InputRef& input, std::uint64_t count) {
    return count * static_cast<std::uint64_t>(bytes(input_dtype(task, models, input)));
  };

  const auto send = [&columns](std::uint64_t from, std::uint64_t to, std::uint64_t sent_bytes) {
    columns[from].exchanged_bytes += sent_bytes;
    columns[to].received_bytes += sent_bytes;
  };

  std::vector<bool> holds(plan.grid.columns, false);
  for (const InputRef& input : all_inputs(task)) {
    columns[plan.column_of_model[input.model]].read_bytes +=
        (covered + surveyed) * read_bytes_per_element(task, models, input);
  }
  for (const InputRef& input : task.inputs) holds[plan.column_of_model[input.model]] = true;
  columns[owner].written_bytes = elements * output_element_bytes(task);

  // Surveys always exchange tiles.
  const std::uint64_t by_tiles = surveyed + (passes_sums(plan, task_index) ? 0 : covered);
  for (const InputRef& input : all_inputs(task)) {
    const std::uint32_t column = plan.column_of_model[input.model];
    if (column != owner) send(column, owner, tile_bytes(input, by_tiles));
  }
  if (!passes_sums(plan, task_index)) return columns;
  const auto last =
      plan.grid.columns - 1 -
      static_cast<std::uint64_t>(std::find(holds.rbegin(), holds.rend(), true) - holds.rbegin());
  std::optional<std::uint64_t> earlier;  // the holder whose sums come next
  for (std::uint64_t column = 0; column < plan.grid.columns; ++column) {
    if (!holds[column]) continue;
    if (earlier) send(*earlier, column, elements * sizeof(double));
    earlier = column;
    if (column == last && column != owner) send(column, owner, columns[owner].written_bytes);
    if (task.anchor && column != plan.column_of_model[task.anchor->model]) {
      send(plan.column_of_model[task.anchor->model], column, tile_bytes(*task.anchor, elements));
    }
  }
  return columns;
}

namespace {

void add(Traffic& total, const Traffic& traffic, std::uint64_t times) {
  total.read_bytes += times * traffic.read_bytes;
  total.exchanged_bytes += times * traffic.exchanged_bytes;
  total.received_bytes += times * traffic.received_bytes;
  total.written_bytes += times * traffic.written_bytes;
}

/// True if the task's units, all but the last, move the same bytes wherever they have the same owner.
bool has_equal_units(const MergePlan& plan, std::uint32_t task) {
  const auto& place = plan.scopes.place[task];
  const bool samples = place && plan.scopes.groups[place->scope].cost.samples > 0;
  return plan.tasks[task].row_elements == 1 && !samples;
}

/// Adds a piece to the ranks of its row. Owners repeat after as many units as there are columns.
void add_piece(RankForecast* row_ranks, const MergePlan& plan, const ModelSet& models, const Piece& piece) {
  const std::uint64_t period = plan.grid.columns;
  const auto add_units = [&](std::uint64_t unit, std::uint64_t times) {
    const auto columns = unit_traffic(plan, models, piece.task, unit);
    for (std::uint64_t column = 0; column < period; ++column) {
      add(row_ranks[column].traffic, columns[column], times);
    }
  };
  std::uint64_t single = piece.first_unit;
  if (has_equal_units(plan, piece.task)) {
    const std::uint64_t last = unit_count(plan.tasks[piece.task], models) - 1;
    single = std::max(single, std::min(piece.end_unit, last));
    for (std::uint64_t unit = piece.first_unit; unit < std::min(single, piece.first_unit + period); ++unit) {
      add_units(unit, (single - unit + period - 1) / period);
    }
  }
  for (; single < piece.end_unit; ++single) add_units(single, 1);
  for (std::uint64_t column = 0; column < period; ++column) ++row_ranks[column].tensors;
}

/// Bytes of the matrices that one model's statistics have of a task: as stored, and as they travel.
struct MatrixBytes {
  std::uint64_t stored = 0;
  std::uint64_t sent = 0;
};

MatrixBytes matrix_bytes(const ModelSet& models, const MatrixRef& matrix) {
  MatrixBytes total;
  const std::vector<checkpoint::StoredMatrix>& stored = models[matrix.model].checkpoint.matrices;
  const auto add_one = [&](const checkpoint::StoredMatrix& one) {
    const std::uint64_t elements = one.dimension * one.dimension;
    total.stored += elements * static_cast<std::uint64_t>(bytes(one.dtype));
    total.sent += elements * sizeof(double);
  };
  add_one(stored[matrix.input]);
  if (matrix.output) add_one(stored[*matrix.output]);
  return total;
}

/// Every rank that has a part of a tensor takes all its matrices, once; one column reads them for its row.
void add_matrices(RankForecast* row_ranks, const MergePlan& plan, const ModelSet& models,
                  const std::vector<Piece>& pieces) {
  const std::uint64_t columns = plan.grid.columns;
  const auto add = [&](const MatrixRef& matrix) {
    const MatrixBytes moved = matrix_bytes(models, matrix);
    const std::uint64_t home = plan.column_of_model[matrix.model];
    row_ranks[home].traffic.read_bytes += moved.stored;
    row_ranks[home].traffic.exchanged_bytes += (columns - 1) * moved.sent;
    for (std::uint64_t column = 0; column < columns; ++column) {
      if (column != home) row_ranks[column].traffic.received_bytes += moved.sent;
    }
  };
  std::set<std::uint32_t> taken;
  for (const Piece& piece : pieces) {
    const auto& place = plan.scopes.place[piece.task];
    if (!place || !taken.insert(place->scope).second) continue;
    for (const std::uint32_t task : plan.scopes.groups[place->scope].tasks) {
      for (const MatrixRef& matrix : plan.tasks[task].matrices) add(matrix);
    }
  }
}

}  // namespace

std::vector<RankForecast> forecast(const MergePlan& plan, const ModelSet& models) {
  std::vector<RankForecast> ranks(plan.grid.ranks());
  for (std::uint64_t row = 0; row < plan.grid.rows; ++row) {
    RankForecast* const row_ranks = &ranks[row * plan.grid.columns];
    for (const Piece& piece : plan.pieces[row]) add_piece(row_ranks, plan, models, piece);
    add_matrices(row_ranks, plan, models, plan.pieces[row]);
  }
  add_reductions(ranks, plan, models);
  for (const TensorTask& task : plan.tasks) ranks.front().traffic.read_bytes += undigested_bytes(task);
  for (RankForecast& rank : ranks) {
    rank.scratch_bytes = plan.buffers.scratch_bytes;
    rank.peak_resident_bytes = plan.base_resident_bytes + plan.buffers.bytes() + plan.buffers.survey_bytes;
  }
  return ranks;
}

}  // namespace stockpot::plan
