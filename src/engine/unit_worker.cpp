#include "engine/unit_worker.hpp"

#include <algorithm>
#include <utility>

#include "engine/unit_io.hpp"

namespace stockpot::engine {

UnitWorker::UnitWorker(Job& job) : job_(job), buffer_(job.budget.acquire(job.plan.buffers.bytes_per_lane)) {}

method::Tile UnitWorker::place_tile(const plan::TensorTask& task, const std::vector<plan::InputRef>& inputs,
                                    std::uint64_t length) {
  method::Tile tile;
  std::byte* next = buffer_.data();
  input_data_.clear();
  typed_inputs_.clear();
  for (const plan::InputRef& input : inputs) {
    input_data_.push_back(next);
    const kernel::TypedInput typed{plan::input_dtype(task, job_.models, input), next};
    if (typed_inputs_.size() < task.inputs.size()) {
      typed_inputs_.push_back(typed);
    } else {
      tile.anchor = typed;
    }
    next += tile_bytes(task, job_.models, input, length);
  }
  tile.inputs = typed_inputs_;
  tile.output = {task.dtype, next};
  return tile;
}

void UnitWorker::merge(const plan::TensorTask& task, const std::vector<plan::InputRef>& inputs,
                       const UnitRange& range) {
  std::unique_ptr<method::ElementPass> pass;
  if (task.kind == plan::TaskKind::merge)
    pass = job_.method.coefficients(plan::context_of(task, job_.models, job_.plan.settings));
  const std::uint64_t length = plan::tile_elements(task, job_.models, job_.plan.buffers);
  method::Tile tile = place_tile(task, inputs, length);
  for (std::uint64_t done = 0; done < range.count; done += length) {
    tile.first = range.first + done;
    tile.count = std::min(length, range.count - done);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      read_input(job_, task, inputs[i], tile.first, tile.count, input_data_[i]);
    }
    std::span<const std::byte> result;
    {
      const Stopwatch watch(job_.counters.compute_nanoseconds);
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (inputs[i].digests) {
          input_digesters_[i].add({input_data_[i], tile_bytes(task, job_.models, inputs[i], tile.count)});
        }
      }
      if (!task.writes()) continue;
      result = merge_tile(job_, task, pass.get(), tile);
      output_digester_.add(result);
    }
    write_tile(job_, task, tile.first, result);
  }
}

void UnitWorker::run(std::uint32_t task_index, std::uint64_t unit) {
  const plan::TensorTask& task = job_.plan.tasks[task_index];
  const UnitRange range = unit_range(task, job_.models, unit);
  const std::vector<plan::InputRef> inputs = plan::all_inputs(task);
  std::uint64_t element_bytes = plan::output_element_bytes(task);
  for (const plan::InputRef& input : inputs)
    element_bytes += plan::read_bytes_per_element(task, job_.models, input);

  std::optional<UnitRecord> record = job_.earlier_record(task_index, unit);
  if (!record || !is_intact(job_, task, range, *record, {buffer_.data(), buffer_.size()})) {
    input_digesters_.resize(std::max(input_digesters_.size(), inputs.size()));
    merge(task, inputs, range);
    record = UnitRecord{task_index, unit, output_digester_.take(), {}};
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].digests) record->inputs.push_back(input_digesters_[i].take());
    }
  }
  job_.counters.done_bytes += range.count * element_bytes;
  job_.finish(std::move(*record));
}

}  // namespace stockpot::engine
