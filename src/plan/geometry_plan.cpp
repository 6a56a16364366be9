#include "stockpot/plan/geometry_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>

#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/recipe/name_filter.hpp"
#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::plan {
namespace {

/// The recipe's models as indices.
struct MeasuredModels {
  std::vector<std::uint32_t> models;
  std::optional<std::uint32_t> base;
};

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ExitCode::usage, "geometry: " + message);
}

MeasuredModels measured_models(const recipe::Recipe& recipe, const ModelSet& models) {
  if (recipe.has_slices() || recipe.modules.size() != 1) {
    refuse("a recipe with slices or modules has no one list of models to measure");
  }
  MeasuredModels measured;
  if (recipe.base_model) measured.base = find_model(models, recipe.base_model->text);
  for (const recipe::ModelEntry& entry : recipe.modules.front().models) {
    const std::uint32_t model = find_model(models, entry.name).value();
    if (model != measured.base) measured.models.push_back(model);
  }
  if (measured.models.empty()) refuse("the recipe names no model beside its base_model");
  return measured;
}

/// True if tiles of the task hold elements of every model.
bool is_measured(const TensorTask& task) {
  const bool computes = task.kind == TaskKind::merge || task.kind == TaskKind::measure;
  return computes && !task.bytewise && (!task.block || task.block->of_all_models);
}

std::uint32_t position_of(const TensorTask& task, std::uint32_t model, const ModelSet& models) {
  const std::vector<InputRef> inputs = all_inputs(task);
  const auto found = std::find_if(inputs.begin(), inputs.end(),
                                  [model](const InputRef& input) { return input.model == model; });
  if (found == inputs.end()) {
    refuse(fmt::format("tensor {} is made without model {}; stats geometry measures it in a pass of its own",
                       quote(task.name), quote(models[model].name)));
  }
  return static_cast<std::uint32_t>(found - inputs.begin());
}

MeasuredTask measured_task(const TensorTask& task, const MeasuredModels& measured, const ModelSet& models) {
  MeasuredTask result;
  for (const std::uint32_t model : measured.models) {
    result.models.push_back(position_of(task, model, models));
  }
  if (measured.base) result.base = position_of(task, *measured.base, models);
  return result;
}

}  // namespace

GeometryPlan plan_geometry(const recipe::Recipe& recipe, const std::vector<TensorTask>& tasks,
                           const ModelSet& models) {
  const MeasuredModels measured = measured_models(recipe, models);
  const recipe::NameFilter filter(recipe.include, recipe.exclude);
  GeometryPlan plan;
  for (const std::uint32_t model : measured.models) plan.models.push_back(models[model].name);
  if (measured.base) plan.base_model = models[*measured.base].name;
  plan.task.resize(tasks.size());
  std::map<std::string, std::uint32_t> task_of_name;
  for (std::uint32_t t = 0; t < tasks.size(); ++t) {
    const TensorTask& task = tasks[t];
    if (is_measured(task)) {
      task_of_name[task.name] = t;
    } else if (task.kind == TaskKind::copy && !task.block && filter.merges(task.name) &&
               is_mergeable(models[task.inputs.front().model].views[task.inputs.front().view].dtype)) {
      refuse(fmt::format("tensor {} is copied, not merged; stats geometry measures it in a pass of its own",
                         quote(task.name)));
    }
  }
  for (const auto& [name, t] : task_of_name) {
    plan.task[t] = measured_task(tasks[t], measured, models);
    plan.task[t]->tensor = static_cast<std::uint32_t>(plan.tensors.size());
    plan.tensors.push_back({name, tasks[t].elements});
  }
  return plan;
}

std::uint64_t geometry_bytes(const GeometryPlan& plan, int threads) {
  constexpr std::uint64_t node_overhead = 160;
  const stats::GeometryLayout layout = plan.layout();
  const std::uint64_t node = layout.width() * sizeof(double) + node_overhead;
  std::uint64_t longest = 0;
  for (const MeasuredTensor& tensor : plan.tensors) longest = std::max(longest, tensor.elements);
  // A tensor whose leaves are all here is one node. In work are the edges of what each lane has done, and
  // leaves that wait for the rest of their rows.
  const std::uint64_t edges = 2 * static_cast<std::uint64_t>(std::bit_width(longest / leaf_elements + 1));
  const std::uint64_t waiting = 2 * (layout.models() + 1) * leaf_elements * sizeof(double);
  const auto lanes = static_cast<std::uint64_t>(threads) + 1;
  return 2 * node * plan.tensors.size() + lanes * (edges * node + waiting);
}

}  // namespace stockpot::plan
