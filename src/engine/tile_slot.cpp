#include "engine/tile_slot.hpp"

#include "engine/unit_io.hpp"

namespace stockpot::engine {

void TileSlot::place(const Job& job, const GridStep& next) {
  const plan::TensorTask& task = job.plan.tasks[next.task];
  busy = true;
  was_read = false;
  is_sound = false;
  step = next;
  inputs = plan::all_inputs(task);
  input_data.clear();
  typed_inputs.clear();
  unit_inputs.clear();
  result = {};
  tile = {};
  pass.reset();
  if (!next.surveys) pass = pass_of(job, next.task);

  // Doubles first: the buffer is page-aligned, so they are aligned too.
  std::byte* free_bytes = buffer.data();
  sums = {reinterpret_cast<double*>(free_bytes), next.tile.count};
  free_bytes += next.tile.count * sizeof(double);
  tile.workspace = {reinterpret_cast<double*>(free_bytes), task.workspace_width * next.tile.covered()};
  free_bytes += tile.workspace.size_bytes();
  for (const plan::InputRef& input : inputs) {
    input_data.push_back(free_bytes);
    typed_inputs.push_back({plan::input_dtype(task, job.models, input), free_bytes});
    free_bytes += tile_bytes(task, job.models, input, next.tile.covered());
  }
  tile.first = next.tile.first;
  tile.count = next.tile.count;
  tile.before = next.tile.before;
  tile.after = next.tile.after;
  hand_out(task, typed_inputs, tile);
  tile.output = {task.dtype, free_bytes};
}

}  // namespace stockpot::engine
