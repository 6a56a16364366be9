#include "engine/resident_models.hpp"

#include <future>
#include <limits>
#include <utility>

#include "engine/job.hpp"
#include "engine/unit_io.hpp"
#include "engine/worker_pool.hpp"
#include "stockpot/plan/tiling.hpp"

namespace stockpot::engine {
namespace {

constexpr std::uint64_t cache_line_bytes = 64;

/// Elements that a piece makes tiles read: with its rows complete.
plan::ElementSpan elements_of(const plan::TensorTask& task, const plan::ModelSet& models,
                              const plan::Piece& piece) {
  if (piece.first_unit == piece.end_unit) return {};
  const plan::ElementSpan first = plan::unit_span(task, models, piece.first_unit);
  const plan::ElementSpan last = plan::unit_span(task, models, piece.end_unit - 1);
  const std::uint64_t begin = first.first / task.row_elements * task.row_elements;
  const std::uint64_t rows = (last.first + last.count + task.row_elements - 1) / task.row_elements;
  return {begin, std::min(rows * task.row_elements, task.elements) - begin};
}

}  // namespace

ResidentModels::ResidentModels(const plan::MergePlan& plan, const plan::ModelSet& models, std::uint64_t row,
                               std::optional<std::uint64_t> limit_bytes, const std::filesystem::path& folder)
    : of_model_(models.size()) {
  std::vector<std::uint64_t> model_bytes(models.size(), 0);
  std::uint64_t total_bytes = 0;
  for (const plan::Piece& piece : plan.pieces[row]) {
    const plan::TensorTask& task = plan.tasks[piece.task];
    if (!task.writes()) continue;
    const plan::ElementSpan span = elements_of(task, models, piece);
    if (span.count == 0) continue;
    for (const plan::InputRef& input : plan::all_inputs(task)) {
      const auto element_bytes = static_cast<std::uint64_t>(bytes(plan::input_dtype(task, models, input)));
      const auto [place, is_new] = segments_[{input.model, input.view, task.bytewise}].try_emplace(
          input.first_element + span.first,
          Segment{piece.task, input, span.first, span.count, element_bytes, 0, true});
      if (!is_new) continue;  // two outputs of one tensor
      of_model_[input.model].push_back(&place->second);
      model_bytes[input.model] += place->second.bytes();
      total_bytes += place->second.bytes();
    }
  }
  for (std::uint32_t model = 0; model < models.size(); ++model) {
    const double share =
        total_bytes == 0 ? 0.0 : static_cast<double>(model_bytes[model]) / static_cast<double>(total_bytes);
    place(model, limit_bytes ? static_cast<std::uint64_t>(static_cast<double>(*limit_bytes) * share)
                             : std::numeric_limits<std::uint64_t>::max());
  }
  if (scratch_bytes_ > 0) scratch_.emplace(folder);
}

void ResidentModels::place(std::uint32_t model, std::uint64_t limit_bytes) {
  std::uint64_t held = 0;
  for (Segment* const segment : of_model_[model]) {
    const std::uint64_t room =
        (segment->bytes() + cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes;
    segment->is_held = room <= limit_bytes - held;
    std::uint64_t& end = segment->is_held ? held : scratch_bytes_;
    segment->offset = end;
    end += room;
  }
  if (held > 0) memory_.emplace(model, budget_.acquire(held));
  memory_bytes_ += held;
}

void ResidentModels::load(Job& job, std::uint32_t model, int threads) {
  std::vector<std::future<void>> ends;
  {
    WorkerPool pool(static_cast<std::size_t>(threads));
    for (const Segment* const segment : of_model_[model]) {
      ends.push_back(pool.submit([this, &job, segment] { load(job, *segment); }));
    }
  }
  for (std::future<void>& end : ends) end.get();
}

void ResidentModels::load(Job& job, const Segment& segment) {
  constexpr std::uint64_t chunk_elements = std::uint64_t{1} << 20;
  const plan::TensorTask& task = job.plan.tasks[segment.task];
  std::vector<std::byte> chunk(
      segment.is_held ? 0 : std::min(segment.count, chunk_elements) * segment.element_bytes);
  for (std::uint64_t done = 0; done < segment.count; done += chunk_elements) {
    const std::uint64_t count = std::min(chunk_elements, segment.count - done);
    const std::uint64_t offset = segment.offset + done * segment.element_bytes;
    std::byte* const out = segment.is_held ? memory_.at(segment.input.model).data() + offset : chunk.data();
    read_input(job, task, segment.input, segment.first + done, count, out);
    if (!segment.is_held) scratch_->write(offset, {out, count * segment.element_bytes});
  }
}

const ResidentModels::Segment* ResidentModels::segment_of(const plan::TensorTask& task,
                                                          const plan::InputRef& input, std::uint64_t first,
                                                          std::uint64_t count) const {
  const auto found = segments_.find({input.model, input.view, task.bytewise});
  if (found == segments_.end()) return nullptr;
  const std::uint64_t begin = input.first_element + first;
  auto next = found->second.upper_bound(begin);
  if (next == found->second.begin()) return nullptr;
  const Segment& segment = (--next)->second;
  return begin + count <= next->first + segment.count ? &segment : nullptr;
}

const std::byte* ResidentModels::find(const plan::TensorTask& task, const plan::InputRef& input,
                                      std::uint64_t first, std::uint64_t count) const {
  const Segment* const segment = segment_of(task, input, first, count);
  if (segment == nullptr || !segment->is_held) return nullptr;
  const std::uint64_t skipped = input.first_element + first - segment->input.first_element - segment->first;
  return memory_.at(input.model).data() + segment->offset + skipped * segment->element_bytes;
}

bool ResidentModels::read(const plan::TensorTask& task, const plan::InputRef& input, std::uint64_t first,
                          std::uint64_t count, std::byte* out) const {
  const Segment* const segment = segment_of(task, input, first, count);
  if (segment == nullptr || segment->is_held) return false;
  const std::uint64_t skipped = input.first_element + first - segment->input.first_element - segment->first;
  scratch_->read(segment->offset + skipped * segment->element_bytes, {out, count * segment->element_bytes});
  return true;
}

}  // namespace stockpot::engine
