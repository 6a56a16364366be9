#include "engine/unit_io.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "engine/block_digester.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/kernel/fisher_mean.hpp"

namespace stockpot::engine {
namespace {

/// Integers and copies have no arithmetic; they must only agree.
void check_equal(const Job& job, const plan::TensorTask& task, const method::Tile& tile) {
  for (std::size_t i = 1; i < tile.inputs.size(); ++i) {
    if (std::memcmp(tile.inputs[0].data, tile.inputs[i].data, tile.count) == 0) continue;
    throw Error(
        ExitCode::input,
        fmt::format(
            "{} values differ from those in {}; integer tensors must agree (exclude: keeps one model's)",
            name(task.dtype), file_of(job.models, task, task.inputs[0])),
        {file_of(job.models, task, task.inputs[i]), task.name});
  }
}

}  // namespace

void check_fisher(const Job& job, const plan::TensorTask& task, const method::Tile& tile) {
  for (std::size_t i = 0; i < tile.statistics.size(); ++i) {
    const std::uint64_t bad = kernel::count_invalid_fisher(tile.statistics[i], tile.count);
    if (bad == 0) continue;
    throw Error(ExitCode::input,
                fmt::format("{} negative, NaN or infinite Fisher values among [{}, {})", bad, tile.first,
                            tile.first + tile.count),
                {file_of(job.models, task, task.statistics[i]), task.name});
  }
}

std::uint64_t tile_bytes(const plan::TensorTask& task, const plan::ModelSet& models,
                         const plan::InputRef& input, std::uint64_t count) {
  return count * static_cast<std::uint64_t>(bytes(plan::input_dtype(task, models, input)));
}

void hand_out(const plan::TensorTask& task, std::span<const kernel::TypedInput> all, method::Tile& tile) {
  tile.inputs = all.first(task.inputs.size());
  tile.anchor = task.anchor ? all[task.inputs.size()] : kernel::TypedInput{};
  tile.statistics = all.last(task.statistics.size());
}

void read_input(Job& job, const plan::TensorTask& task, const plan::InputRef& input, std::uint64_t first,
                std::uint64_t count, std::byte* out) {
  const Stopwatch watch(job.counters.read_nanoseconds);
  const plan::Model& model = job.models[input.model];
  const checkpoint::ViewReader& reader = job.readers[input.model];
  first += input.first_element;
  if (task.kind == plan::TaskKind::digest) {
    reader.read_stored(model.checkpoint.tensors[input.view], first, {out, count});
  } else if (const checkpoint::TensorView& view = model.views[input.view]; task.bytewise && view.is_plain()) {
    reader.read_stored(model.checkpoint.tensors[view.parts.front().tensor], first, {out, count});
  } else {
    // Where tiles are bytes, so are `first` and `count`; the reader wants elements.
    const std::uint64_t element_bits = task.bytewise ? static_cast<std::uint64_t>(bits(view.dtype)) : 8;
    reader.read(view, first * 8 / element_bits, count * 8 / element_bits, out);
  }
  job.counters.read_bytes += count * plan::read_bytes_per_element(task, job.models, input);
}

void check_finite(Job& job, const plan::TensorTask& task, const method::Tile& tile,
                  kernel::ElementCounts counts) {
  if (counts.nonfinite == 0) return;
  if (job.options.nonfinite == NonfinitePolicy::error) report_nonfinite(job, task, tile);
  job.counters.nonfinite += counts.nonfinite;
}

std::span<const std::byte> merge_tile(Job& job, const plan::TensorTask& task, const method::ElementPass* pass,
                                      const method::Tile& tile) {
  const std::uint64_t output_bytes = tile.count * plan::output_element_bytes(task);
  if (task.bytewise) {
    check_equal(job, task, tile);
    return {tile.inputs.front().data, output_bytes};
  }
  check_fisher(job, task, tile);
  check_finite(
      job, task, tile,
      pass != nullptr ? pass->apply(tile) : kernel::convert(tile.inputs.front(), tile.output, tile.count));
  return {tile.output.data, output_bytes};
}

std::byte* output_room(Job& job, const plan::TensorTask& task, std::uint64_t first) {
  return job.output->room(task.file, task.offset + first * plan::output_element_bytes(task));
}

void write_tile(Job& job, const plan::TensorTask& task, std::uint64_t first,
                std::span<const std::byte> bytes) {
  const Stopwatch watch(job.counters.write_nanoseconds);
  job.output->write(task.file, task.offset + first * plan::output_element_bytes(task), bytes);
  job.counters.written_bytes += bytes.size();
}

bool is_intact(Job& job, const plan::TensorTask& task, const plan::ElementSpan& range,
               const UnitRecord& record, std::span<std::byte> scratch) {
  if (!task.writes()) return true;
  BlockDigester digester;
  const std::uint64_t element_bytes = plan::output_element_bytes(task);
  const std::uint64_t size = range.count * element_bytes;
  for (std::uint64_t done = 0; done < size;) {
    const auto part = scratch.first(std::min<std::uint64_t>(size - done, scratch.size()));
    job.output->read(task.file, task.offset + range.first * element_bytes + done, part);
    job.counters.read_bytes += part.size();
    digester.add(part);
    done += part.size();
  }
  return digester.take() == record.output;
}

}  // namespace stockpot::engine
