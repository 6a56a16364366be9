#include "engine/unit_worker.hpp"

#include <algorithm>
#include <utility>

#include "engine/matrix_sources.hpp"
#include "engine/unit_io.hpp"

namespace stockpot::engine {

UnitWorker::UnitWorker(Job& job) : job_(job), buffer_(job.budget.acquire(job.plan.buffers.bytes_per_lane)) {}

method::Tile UnitWorker::place_tile(const plan::TensorTask& task, const std::vector<plan::InputRef>& inputs,
                                    std::uint64_t length) {
  method::Tile tile;
  // Doubles first: the buffer is page-aligned, so they are aligned too.
  std::byte* next = buffer_.data();
  tile.workspace = {reinterpret_cast<double*>(next), task.workspace_width * length};
  next += tile.workspace.size_bytes();
  input_data_.clear();
  typed_inputs_.clear();
  for (const plan::InputRef& input : inputs) {
    input_data_.push_back(next);
    typed_inputs_.push_back({plan::input_dtype(task, job_.models, input), next});
    next += tile_bytes(task, job_.models, input, length);
  }
  hand_out(task, typed_inputs_, tile);
  tile.output = {task.dtype, next};
  return tile;
}

void UnitWorker::read(const plan::TensorTask& task, const std::vector<plan::InputRef>& inputs,
                      const plan::TileSpan& span, method::Tile& tile) {
  tile.first = span.first;
  tile.count = span.count;
  tile.before = span.before;
  tile.after = span.after;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::uint64_t first = span.first - span.before;
    typed_inputs_[i].data = input_data_[i];
    if (job_.resident != nullptr) {
      if (const std::byte* const held = job_.resident->find(task, inputs[i], first, span.covered())) {
        typed_inputs_[i].data = held;
        continue;
      }
      if (job_.resident->read(task, inputs[i], first, span.covered(), input_data_[i])) continue;
    }
    read_input(job_, task, inputs[i], first, span.covered(), input_data_[i]);
  }
  hand_out(task, typed_inputs_, tile);
}

void UnitWorker::merge(std::uint32_t task_index, const std::vector<plan::InputRef>& inputs,
                       const plan::ElementSpan& span) {
  const plan::TensorTask& task = job_.plan.tasks[task_index];
  const std::unique_ptr<method::ElementPass> pass = pass_of(job_, task_index);
  method::Tile tile = place_tile(task, inputs, plan::tile_elements(task, job_.models, job_.plan.buffers));
  std::byte* const own_output = tile.output.data;
  plan::Tiling tiles(task, job_.models, job_.plan.buffers, span);
  for (plan::TileSpan part; tiles.next(part);) {
    read(task, inputs, part, tile);
    std::span<const std::byte> result;
    {
      const Stopwatch watch(job_.counters.compute_nanoseconds);
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!inputs[i].digests) continue;
        const std::byte* const own =
            typed_inputs_[i].data + tile_bytes(task, job_.models, inputs[i], part.before);
        input_digesters_[i].add({own, tile_bytes(task, job_.models, inputs[i], part.count)});
      }
      measure_tile(job_, task_index, tile);
      if (!task.writes()) continue;
      std::byte* const room = output_room(job_, task, tile.first);
      tile.output.data = room != nullptr ? room : own_output;
      result = merge_tile(job_, task, pass.get(), tile);
      if (job_.keeps_records) output_digester_.add(result);
    }
    write_tile(job_, task, tile.first, result);
  }
}

void UnitWorker::survey(method::Survey& survey, const plan::ScopePlace& place, std::uint32_t task_index,
                        const plan::ElementSpan& span) {
  const plan::TensorTask& task = job_.plan.tasks[task_index];
  const std::vector<plan::InputRef> inputs = plan::all_inputs(task);
  method::Tile tile = place_tile(task, inputs, plan::tile_elements(task, job_.models, job_.plan.buffers));
  plan::Tiling tiles(task, job_.models, job_.plan.buffers, span);
  for (plan::TileSpan part; tiles.next(part);) {
    read(task, inputs, part, tile);
    const Stopwatch watch(job_.counters.compute_nanoseconds);
    check_fisher(job_, task, tile);
    survey.take(place.position, tile);
  }
}

void UnitWorker::survey(const WorkItem& item) {
  const plan::TensorTask& task = job_.plan.tasks[item.task];
  const plan::ScopePlace place = job_.plan.scopes.place[item.task].value();
  method::Survey& survey = job_.surveys.at(place.scope);
  if (item.reading == method::Reading::matrices) {
    const Stopwatch watch(job_.counters.compute_nanoseconds);
    LocalMatrices source(job_, place.scope);
    return survey.take_matrices(item.unit, source);
  }
  const plan::ElementSpan unit = plan::unit_span(task, job_.models, item.unit);
  if (item.range) {
    this->survey(survey, place, item.task, {item.range->first, item.range->count});
  } else if (item.reading == method::Reading::sample) {
    for (const plan::ElementSpan& leaf : plan::sampled_leaves(unit)) {
      this->survey(survey, place, item.task, leaf);
    }
  } else {
    this->survey(survey, place, item.task, unit);
    job_.counters.done_bytes += unit.count * plan::input_bytes_per_element(task, job_.models);
  }
}

void UnitWorker::run(std::uint32_t task_index, std::uint64_t unit) {
  const plan::TensorTask& task = job_.plan.tasks[task_index];
  const plan::ElementSpan range = plan::unit_span(task, job_.models, unit);
  const std::vector<plan::InputRef> inputs = plan::all_inputs(task);
  const std::uint64_t element_bytes =
      plan::output_element_bytes(task) + plan::input_bytes_per_element(task, job_.models);

  if (!job_.keeps_records) {
    merge(task_index, inputs, range);
    job_.counters.done_bytes += range.count * element_bytes;
    return;
  }
  std::optional<UnitRecord> record = job_.earlier_record(task_index, unit);
  if (!record || !is_intact(job_, task, range, *record, {buffer_.data(), buffer_.size()})) {
    input_digesters_.resize(std::max(input_digesters_.size(), inputs.size()));
    merge(task_index, inputs, range);
    record = UnitRecord{task_index, unit, output_digester_.take(), {}};
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].digests) record->inputs.push_back(input_digesters_[i].take());
    }
  }
  job_.counters.done_bytes += range.count * element_bytes;
  job_.finish(std::move(*record));
}

}  // namespace stockpot::engine
