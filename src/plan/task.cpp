#include "stockpot/plan/task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "stockpot/base/digest.hpp"

namespace stockpot::plan {

std::string TensorTask::label() const {
  if (!block || block->first_element == 0) return name;
  return fmt::format("{}[{}:{}]", name, block->first_element, block->first_element + elements);
}

std::uint64_t undigested_bytes(const TensorTask& task) {
  if (!task.block || !task.begins_tensor()) return 0;
  const std::uint64_t own_bytes = task.elements * output_element_bytes(task);
  const std::uint64_t all_bytes = tensor_bytes(task.dtype, task.tensor_shape()).value_or(0);
  return own_bytes == all_bytes ? 0 : all_bytes - own_bytes / digest_block_bytes * digest_block_bytes;
}

std::vector<InputRef> all_inputs(const TensorTask& task) {
  std::vector<InputRef> inputs = task.inputs;
  if (task.anchor) inputs.push_back(*task.anchor);
  inputs.insert(inputs.end(), task.statistics.begin(), task.statistics.end());
  return inputs;
}

DType input_dtype(const TensorTask& task, const ModelSet& models, const InputRef& input) {
  return task.bytewise ? DType::u8 : models[input.model].views[input.view].dtype;
}

std::uint64_t output_element_bytes(const TensorTask& task) {
  if (!task.writes()) return 0;
  return task.bytewise ? 1 : static_cast<std::uint64_t>(bytes(task.dtype));
}

std::uint64_t read_bytes_per_element(const TensorTask& task, const ModelSet& models, const InputRef& input) {
  if (task.bytewise) return 1;
  const Model& model = models[input.model];
  const checkpoint::TensorView& view = model.views[input.view];
  return static_cast<std::uint64_t>(bytes(model.checkpoint.tensors[view.parts.front().tensor].dtype));
}

std::uint64_t input_bytes_per_element(const TensorTask& task, const ModelSet& models) {
  std::uint64_t total = 0;
  for (const InputRef& input : all_inputs(task)) total += read_bytes_per_element(task, models, input);
  return total;
}

namespace {

method::MatrixShape matrix_shape(const TensorTask& task, const ModelSet& models) {
  const MatrixRef& first = task.matrices.front();
  const std::vector<checkpoint::StoredMatrix>& stored = models[first.model].checkpoint.matrices;
  method::MatrixShape shape;
  shape.order = stored[first.input].dimension;
  if (first.output) shape.output_order = stored[*first.output].dimension;
  shape.inputs_are_last = stored[first.input].weight_layout == io::WeightLayout::out_in;
  for (const InputRef& input : all_inputs(task)) {
    shape.element_bytes += static_cast<std::uint64_t>(bytes(input_dtype(task, models, input)));
  }
  return shape;
}

}  // namespace

method::TensorContext context_of(const TensorTask& task, const ModelSet& models,
                                 const MergeSettings& settings) {
  method::TensorContext context;
  context.name = task.name;
  context.shape = task.shape;
  context.elements = task.elements;
  context.first_element = task.block ? task.block->first_element : 0;
  context.models = task.inputs.size();
  context.has_anchor = task.anchor.has_value();
  context.has_statistics = !task.statistics.empty();
  if (!task.matrices.empty()) {
    context.matrices = matrix_shape(task, models);
    context.matrices.is_stored = context.matrices.order > settings.largest_held_order;
  }
  context.values = task.values;
  context.semantics = settings.semantics;
  context.seed = settings.seed;
  for (const InputRef& input : task.inputs) context.model_names.push_back(models[input.model].name);
  return context;
}

std::uint64_t unit_elements(const TensorTask& task, const ModelSet& models) {
  std::uint64_t narrowest = task.writes() ? output_element_bytes(task) : 1;
  for (const InputRef& input : all_inputs(task)) {
    narrowest = std::min(narrowest, read_bytes_per_element(task, models, input));
  }
  const std::uint64_t blocks = digest_block_bytes / std::max<std::uint64_t>(1, narrowest);
  if (task.owned_run == 1) return blocks;
  // A run of a huge tensor has far fewer elements than any multiple overflows.
  const std::uint64_t common = std::lcm(task.owned_run, blocks);
  return std::clamp<std::uint64_t>(task.elements, 1, common);
}

std::uint64_t unit_count(const TensorTask& task, const ModelSet& models) {
  const std::uint64_t unit = unit_elements(task, models);
  return std::max<std::uint64_t>(1, (task.elements + unit - 1) / unit);
}

}  // namespace stockpot::plan
