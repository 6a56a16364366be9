#include "engine/unit_worker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "stockpot/base/error.hpp"

namespace stockpot::engine {
namespace {

std::uint64_t stored_bytes(const plan::TensorTask& task, const plan::ModelSet& models, const plan::InputRef& input,
                           std::uint64_t elements) {
  return elements * plan::read_bytes_per_element(task, models, input);
}

std::uint64_t input_bytes(const plan::TensorTask& task, const plan::ModelSet& models, const plan::InputRef& input) {
  return static_cast<std::uint64_t>(bytes(plan::input_dtype(task, models, input)));
}

}  // namespace

UnitWorker::UnitWorker(Job& job) : job_(job), buffer_(job.budget.acquire(job.plan.buffers.bytes_per_lane)) {}

void UnitWorker::place_buffers(const plan::TensorTask& task, const std::vector<plan::InputRef>& inputs,
                               std::uint64_t length) {
  std::byte* next = buffer_.data();
  input_data_.clear();
  typed_inputs_.clear();
  anchor_ = {};
  for (const plan::InputRef& input : inputs) {
    input_data_.push_back(next);
    const kernel::TypedInput typed{plan::input_dtype(task, job_.models, input), next};
    if (typed_inputs_.size() < task.inputs.size()) {
      typed_inputs_.push_back(typed);
    } else {
      anchor_ = typed;
    }
    next += length * input_bytes(task, job_.models, input);
  }
  output_data_ = next;
}

void UnitWorker::read_inputs(const plan::TensorTask& task, const std::vector<plan::InputRef>& inputs,
                             const method::Tile& tile) {
  const Stopwatch watch(job_.counters.read_nanoseconds);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const plan::Model& model = job_.models[inputs[i].model];
    const checkpoint::ViewReader& reader = job_.readers[inputs[i].model];
    if (task.kind == plan::TaskKind::digest) {
      reader.read_stored(model.checkpoint.tensors[inputs[i].view], tile.first, {input_data_[i], tile.count});
    } else if (const checkpoint::TensorView& view = model.views[inputs[i].view]; task.bytewise && view.is_plain()) {
      reader.read_stored(model.checkpoint.tensors[view.parts.front().tensor], tile.first, {input_data_[i], tile.count});
    } else {
      const std::uint64_t element_bytes = task.bytewise ? static_cast<std::uint64_t>(bytes(view.dtype)) : 1;
      reader.read(view, tile.first / element_bytes, tile.count / element_bytes, input_data_[i]);
    }
    job_.counters.read_bytes += stored_bytes(task, job_.models, inputs[i], tile.count);
  }
}

void UnitWorker::digest_inputs(const plan::TensorTask& task, const std::vector<plan::InputRef>& inputs,
                               std::uint64_t count) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].digests) continue;
    input_digesters_[i].add({input_data_[i], count * input_bytes(task, job_.models, inputs[i])});
  }
}

std::span<const std::byte> UnitWorker::merge_tile(const plan::TensorTask& task, const method::ElementPass* pass,
                                                  const method::Tile& tile) {
  const std::uint64_t output_bytes = tile.count * plan::output_element_bytes(task);
  if (task.bytewise) {
    for (std::size_t i = 1; i < task.inputs.size(); ++i) {
      if (std::memcmp(input_data_[0], input_data_[i], tile.count) == 0) continue;
      throw Error(ExitCode::input,
                  fmt::format("{} values differ from those in {}; integer tensors must agree (exclude: keeps one model's)",
                              name(task.dtype), file_of(job_.models, task, task.inputs[0])),
                  {file_of(job_.models, task, task.inputs[i]), task.name});
    }
    return {input_data_[0], output_bytes};
  }
  const kernel::ElementCounts counts = pass != nullptr ? pass->apply(tile)
                                                       : kernel::convert(tile.inputs.front(), tile.output, tile.count);
  if (counts.nonfinite > 0) {
    if (job_.options.nonfinite == NonfinitePolicy::error) report_nonfinite(job_, task, tile);
    job_.counters.nonfinite += counts.nonfinite;
  }
  return {output_data_, output_bytes};
}

bool UnitWorker::verify_earlier(const plan::TensorTask& task, const UnitRange& range, const UnitRecord& record) {
  if (!task.writes()) return true;
  const std::uint64_t element_bytes = plan::output_element_bytes(task);
  const std::uint64_t size = range.count * element_bytes;
  for (std::uint64_t done = 0; done < size;) {
    const std::span<std::byte> part{buffer_.data(), std::min(size - done, buffer_.size())};
    job_.output.read(task.file, task.offset + range.first * element_bytes + done, part);
    job_.counters.read_bytes += part.size();
    output_digester_.add(part);
    done += part.size();
  }
  return output_digester_.take() == record.output;
}

void UnitWorker::run(std::uint32_t task_index, std::uint64_t unit) {
  const plan::TensorTask& task = job_.plan.tasks[task_index];
  const UnitRange range = unit_range(task, job_.models, unit);
  const std::vector<plan::InputRef> inputs = plan::all_inputs(task);
  std::uint64_t planned_bytes = range.count * plan::output_element_bytes(task);
  for (const plan::InputRef& input : inputs) planned_bytes += stored_bytes(task, job_.models, input, range.count);

  if (std::optional<UnitRecord> earlier = job_.earlier_record(task_index, unit)) {
    if (verify_earlier(task, range, *earlier)) {
      job_.counters.done_bytes += planned_bytes;
      job_.finish(std::move(*earlier));
      return;
    }
  }
  std::unique_ptr<method::ElementPass> pass;
  if (task.kind == plan::TaskKind::merge) pass = job_.method.coefficients(plan::context_of(task), {});
  input_digesters_.resize(std::max(input_digesters_.size(), inputs.size()));

  const std::uint64_t length = plan::tile_elements(task, job_.models, job_.plan.buffers);
  place_buffers(task, inputs, length);
  for (std::uint64_t done = 0; done < range.count; done += length) {
    method::Tile tile;
    tile.first = range.first + done;
    tile.count = std::min(length, range.count - done);
    tile.inputs = typed_inputs_;
    tile.anchor = anchor_;
    tile.output = {task.dtype, output_data_};
    read_inputs(task, inputs, tile);
    std::span<const std::byte> result;
    {
      const Stopwatch watch(job_.counters.compute_nanoseconds);
      digest_inputs(task, inputs, tile.count);
      if (task.writes()) result = merge_tile(task, pass.get(), tile);
      output_digester_.add(result);
    }
    const Stopwatch watch(job_.counters.write_nanoseconds);
    if (task.writes()) {
      job_.output.write(task.file, task.offset + tile.first * plan::output_element_bytes(task), result);
    }
    job_.counters.written_bytes += result.size();
  }
  UnitRecord record{task_index, unit, output_digester_.take(), {}};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].digests) record.inputs.push_back(input_digesters_[i].take());
  }
  job_.counters.done_bytes += planned_bytes;
  job_.finish(std::move(record));
}

}  // namespace stockpot::engine
