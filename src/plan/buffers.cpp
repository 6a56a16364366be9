#include "plan/buffers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "stockpot/base/digest.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::plan {
namespace {

std::uint64_t widest_element(const std::vector<TensorTask>& tasks, const ModelSet& models, bool holds_sums) {
  std::uint64_t widest = 1;
  for (const TensorTask& task : tasks) {
    widest = std::max(widest, buffer_bytes_per_element(task, models, holds_sums));
  }
  return widest;
}

/// With less than this a survey would take too many passes.
constexpr std::uint64_t smallest_survey_bytes = std::uint64_t{1} << 20;
/// Surveys take at most one part in so many of a limited memory.
constexpr std::uint64_t largest_survey_share = 4;

}  // namespace

std::uint64_t buffer_bytes_per_element(const TensorTask& task, const ModelSet& models, bool holds_sums) {
  std::uint64_t total = output_element_bytes(task) + (holds_sums ? sizeof(double) : 0);
  total += task.workspace_width * sizeof(double);
  for (const InputRef& input : all_inputs(task)) {
    total += static_cast<std::uint64_t>(bytes(input_dtype(task, models, input)));
  }
  return total;
}

std::uint64_t tile_elements(const TensorTask& task, const ModelSet& models, const BufferPlan& buffers) {
  const std::uint64_t fitting =
      buffers.bytes_per_lane / buffer_bytes_per_element(task, models, buffers.holds_sums);
  if (task.row_elements > 1) {
    const std::uint64_t wanted = std::max(task.row_elements, std::min(fitting, preferred_tile_elements));
    return wanted / task.row_elements * task.row_elements;
  }
  const std::uint64_t longest = std::min(std::bit_floor(fitting), unit_elements(task, models));
  return std::max(std::min(longest, task.bytewise ? longest : buffers.tile_elements), std::uint64_t{1});
}

std::uint64_t base_resident_bytes(const std::vector<TensorTask>& tasks, const ModelSet& models) {
  constexpr std::uint64_t program_bytes = std::uint64_t{72} << 20;
  constexpr std::uint64_t bytes_per_stored_tensor = 1024;
  constexpr std::uint64_t bytes_per_task = 4096;
  constexpr std::uint64_t digest_bytes = 192;
  std::uint64_t total = program_bytes + bytes_per_task * tasks.size();
  for (const Model& model : models) {
    total += bytes_per_stored_tensor * model.checkpoint.tensors.size();
    total += digest_bytes * (model.checkpoint.total_bytes() / digest_block_bytes);
  }
  return total;
}

BufferPlan plan_buffers(const std::vector<TensorTask>& tasks, const ModelSet& models,
                        const PlanOptions& options, std::uint64_t base_bytes, const SurveyMemory& surveys) {
  const std::optional<std::uint64_t> memory_bytes = options.memory_bytes;
  BufferPlan buffers;
  buffers.holds_sums = options.grid.columns > 1;
  const std::uint64_t widest = widest_element(tasks, models, buffers.holds_sums);
  // The shortest tile that can be worked with: whole rows where a method needs them.
  std::uint64_t least_elements = tile_quantum;
  for (const TensorTask& task : tasks) {
    least_elements = std::max(least_elements, std::min(task.row_elements, task.elements));
  }
  least_elements = (least_elements + tile_quantum - 1) / tile_quantum * tile_quantum;
  // One lane more than threads: while one lane waits for the disk, the others compute.
  buffers.lanes = static_cast<std::uint64_t>(options.threads) + 1;
  buffers.tile_elements = std::max(preferred_tile_elements, least_elements);
  const std::uint64_t survey_bytes = std::max(
      {surveys.useful_bytes, surveys.needed_bytes, surveys.kept_bytes + surveys.one_bytes * buffers.lanes});
  buffers.survey_bytes = survey_bytes;
  if (memory_bytes) {
    const std::uint64_t least_survey_bytes =
        std::max(std::min(surveys.useful_bytes, smallest_survey_bytes), surveys.needed_bytes);
    const std::uint64_t smallest = base_bytes + widest * least_elements + least_survey_bytes;
    if (*memory_bytes < smallest) {
      throw Error(
          ExitCode::usage,
          fmt::format("--memory {} is too small for this merge; the smallest that works is {} ({} bytes)",
                      format_size(*memory_bytes), format_size(smallest), smallest));
    }
    const std::uint64_t beside_one_lane = *memory_bytes - base_bytes - widest * least_elements;
    buffers.survey_bytes =
        std::min({survey_bytes, beside_one_lane,
                  std::max(least_survey_bytes, (*memory_bytes - base_bytes) / largest_survey_share)});
    const std::uint64_t available = *memory_bytes - base_bytes - buffers.survey_bytes;
    buffers.lanes = std::min(buffers.lanes, available / (widest * least_elements));
    const std::uint64_t fitting = available / buffers.lanes / widest;
    buffers.tile_elements =
        std::min(buffers.tile_elements, std::max(std::bit_floor(fitting), least_elements));
  }
  buffers.bytes_per_lane = widest * buffers.tile_elements;
  if (surveys.one_bytes > 0) {
    buffers.surveys_at_once = (buffers.survey_bytes - surveys.kept_bytes) / surveys.one_bytes;
    const std::uint64_t at_once = std::min(buffers.surveys_at_once, buffers.lanes);
    buffers.scratch_bytes = at_once * surveys.one_scratch_bytes;
  }
  buffers.scratch_bytes = std::max(buffers.scratch_bytes, surveys.scratch_bytes);
  return buffers;
}

}  // namespace stockpot::plan
