#include "stockpot/plan/merge_plan.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "plan/buffers.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/version.hpp"
#include "stockpot/plan/tiling.hpp"

namespace stockpot::plan {
namespace {

/// What an element's share of products and solves with matrices costs, in bytes that are moved meanwhile.
double solving_cost(const TensorTask& task, const ModelSet& models) {
  constexpr double operations_per_byte = 16.0;
  double operations = 0.0;
  for (const MatrixRef& matrix : task.matrices) {
    const std::vector<checkpoint::StoredMatrix>& stored = models[matrix.model].checkpoint.matrices;
    operations += 2.0 * static_cast<double>(stored[matrix.input].dimension);
    if (matrix.output) operations += 2.0 * static_cast<double>(stored[*matrix.output].dimension);
  }
  return operations / operations_per_byte;
}

/// `readings`: how often each input is read.
WorkLoad load_of(const TensorTask& task, const ModelSet& models, std::uint64_t readings) {
  std::uint64_t moved = output_element_bytes(task);
  for (const InputRef& input : all_inputs(task)) {
    moved += readings * read_bytes_per_element(task, models, input);
  }
  const double cost_per_element = static_cast<double>(moved) + solving_cost(task, models);
  return {unit_count(task, models), cost_per_element * static_cast<double>(task.elements),
          cost_per_element * static_cast<double>(unit_elements(task, models))};
}

/// Bytes that one element costs on the wire, by either way; the anchor travels as a tile in both.
struct WireCost {
  double tiles = 0.0;
  double sums = 0.0;
};

WireCost wire_cost(const TensorTask& task, const ModelSet& models,
                   const std::vector<std::uint32_t>& column_of_model, std::uint64_t columns) {
  WireCost cost;
  const double away = static_cast<double>(columns - 1) / static_cast<double>(columns);
  for (const InputRef& input : all_inputs(task)) {
    cost.tiles += away * static_cast<double>(bytes(input_dtype(task, models, input)));
  }
  std::vector<bool> holds(columns, false);
  for (const InputRef& input : task.inputs) holds[column_of_model[input.model]] = true;
  const auto holders = static_cast<double>(std::count(holds.begin(), holds.end(), true));
  cost.sums = (holders - 1.0) * sizeof(double) + away * static_cast<double>(output_element_bytes(task));
  if (task.anchor) {
    const bool is_home = holds[column_of_model[task.anchor->model]];
    cost.sums += (holders - (is_home ? 1.0 : 0.0)) *
                 static_cast<double>(bytes(input_dtype(task, models, *task.anchor)));
  }
  return cost;
}

Exchange cheaper_exchange(const std::vector<TensorTask>& tasks, const ModelSet& models,
                          const std::vector<std::uint32_t>& column_of_model, std::uint64_t columns) {
  WireCost total;
  for (const TensorTask& task : tasks) {
    if (task.kind != TaskKind::merge) continue;
    const WireCost cost = wire_cost(task, models, column_of_model, columns);
    total.tiles += cost.tiles * static_cast<double>(task.elements);
    total.sums += cost.sums * static_cast<double>(task.elements);
  }
  return total.sums < total.tiles ? Exchange::sums : Exchange::tiles;
}

MergeSettings settings_of(const recipe::Recipe& recipe, const method::Method& method,
                          const PlanOptions& options) {
  return {recipe.semantics, recipe.scope.value_or(method.default_scope(recipe.semantics)), options.seed,
          recipe.sparsify, options.largest_held_order};
}

bool is_linear(const method::Method& method, const MergePlan& plan, const ModelSet& models) {
  // Tensors without statistics alone are.
  if (method.schema().takes_statistics) return false;
  const auto merged = std::find_if(plan.tasks.begin(), plan.tasks.end(),
                                   [](const TensorTask& task) { return task.kind == TaskKind::merge; });
  if (merged == plan.tasks.end()) return false;
  const method::TensorContext context = context_of(*merged, models, plan.settings);
  if (method.needs_survey(context)) return method.surveys_for_linear_form();
  return method.coefficients(context)->linear_form() != nullptr;
}

/// Elements of each scope that a row has.
std::map<std::uint32_t, std::uint64_t> scope_elements(const MergePlan& plan, const ModelSet& models,
                                                      std::uint64_t row) {
  std::map<std::uint32_t, std::uint64_t> elements;
  for (const Piece& piece : plan.pieces[row]) {
    const auto& place = plan.scopes.place[piece.task];
    if (!place || plan.scopes.groups[place->scope].cost.needed_bytes_per_element == 0) continue;
    for (std::uint64_t unit = piece.first_unit; unit < piece.end_unit; ++unit) {
      elements[place->scope] += unit_span(plan.tasks[piece.task], models, unit).count;
    }
  }
  return elements;
}

SurveyMemory survey_memory(const MergePlan& plan, const ModelSet& models, int threads) {
  SurveyMemory memory;
  const auto lanes = static_cast<std::uint64_t>(threads) + 1;
  bool needs = false;
  for (const ScopeGroup& group : plan.scopes.groups) {
    memory.useful_bytes = std::max(memory.useful_bytes, group.cost.memory_bytes);
    needs = needs || group.cost.needed_bytes_per_element > 0;
  }
  for (std::uint64_t row = 0; needs && row < plan.grid.rows; ++row) {
    std::uint64_t together = 0;  // scopes that the row shares with others are surveyed first, all at once
    std::uint64_t kept = 0;
    std::uint64_t scratch = 0;
    for (const auto& [scope, elements] : scope_elements(plan, models, row)) {
      const method::SurveyCost& cost = plan.scopes.groups[scope].cost;
      const std::uint64_t needed =
          cost.needed_bytes + elements * cost.needed_bytes_per_element + lanes * cost.needed_bytes_per_lane;
      if (plan.scopes.groups[scope].is_shared_by_rows()) {
        together += needed;
        kept += elements * cost.kept_bytes_per_element;
        scratch += cost.scratch_bytes;
      } else {
        memory.one_bytes = std::max(memory.one_bytes, needed);
        memory.one_scratch_bytes = std::max(memory.one_scratch_bytes, cost.scratch_bytes);
      }
    }
    memory.scratch_bytes = std::max(memory.scratch_bytes, scratch);
    memory.needed_bytes = std::max(memory.needed_bytes, together);
    memory.kept_bytes = std::max(memory.kept_bytes, kept);
  }
  memory.needed_bytes = std::max(memory.needed_bytes, memory.kept_bytes + memory.one_bytes);
  return memory;
}

}  // namespace

MergePlan make_plan(const recipe::Recipe& recipe, const method::Method& method, ResolvedMerge resolved,
                    const ModelSet& models, const PlanOptions& options) {
  MergePlan plan;
  plan.tasks = std::move(resolved.tasks);
  plan.layout = lay_out(plan.tasks, options.format, options.shard_bytes);
  plan.grid = options.grid;
  plan.settings = settings_of(recipe, method, options);
  plan.output_layers = resolved.output_layers;
  plan.vocabulary = resolved.vocabulary;
  plan.config_model = resolved.config_model;
  if (options.grid.columns > checkpoint_count(models)) {
    throw Error(ExitCode::usage, "--grid has more columns than the recipe has models");
  }
  plan.column_of_model = columns_of_models(models, options.grid.columns);
  plan.scopes = group_scopes(plan.tasks, models, method, plan.settings);

  std::vector<WorkLoad> loads;
  loads.reserve(plan.tasks.size());
  for (std::uint32_t t = 0; t < plan.tasks.size(); ++t) {
    loads.push_back(load_of(plan.tasks[t], models, readings(plan, t)));
  }
  plan.pieces =
      options.pieces && options.pieces->size() == options.grid.rows && covers(*options.pieces, loads)
          ? *options.pieces
          : partition(loads, options.grid.rows);
  place_scopes(plan.scopes, plan.pieces);
  plan.imbalance = imbalance(loads, plan.pieces);

  const bool linear = options.grid.columns > 1 && is_linear(method, plan, models);
  if (linear) {
    plan.exchange = options.exchange
                        ? *options.exchange
                        : cheaper_exchange(plan.tasks, models, plan.column_of_model, options.grid.columns);
  }
  plan.base_resident_bytes = base_resident_bytes(plan.tasks, models) + options.statistics_bytes;
  plan.buffers = plan_buffers(plan.tasks, models, options, plan.base_resident_bytes,
                              survey_memory(plan, models, options.threads));
  return plan;
}

Digest job_digest(const recipe::Recipe& recipe, const MergePlan& plan, const ModelSet& models) {
  Digester digester;
  const auto add = [&digester](std::string_view text) {
    digester.add(text);
    digester.add(std::string_view("\n"));
  };
  add(version());
  add(recipe.text);
  add(std::to_string(plan.settings.seed));
  for (const Model& model : models) add(model.name + "\n" + checkpoint::describe_content(model.checkpoint));
  for (const OutputFile& file : plan.layout.files) add(file.name + file.header);
  for (const TensorTask& task : plan.tasks) {
    if (task.writes()) add(task.name + " " + std::string(name(task.dtype)));
    // Which tensors are only digested, and are journaled by their tasks' numbers, depends on what is read.
    if (task.kind == TaskKind::digest) add(std::to_string(task.inputs.front().model) + " " + task.name);
  }
  return digester.finish();
}

std::uint64_t readings(const MergePlan& plan, std::uint32_t task) {
  const auto& place = plan.scopes.place[task];
  return 1 + (place ? plan.scopes.groups[place->scope].cost.passes : 0);
}

bool is_shared(const MergePlan& plan, const ScopeGroup& group) {
  return plan.grid.columns > 1 || group.is_shared_by_rows();
}

std::uint64_t shared_survey_bytes(const MergePlan& plan, const ScopeGroup& group) {
  const std::uint64_t sharers =
      group.is_shared_by_rows() ? plan.scopes.most_shared_by_a_row : row_scopes_at_once;
  return plan.buffers.survey_bytes / sharers;
}

std::uint64_t owner_column(const MergePlan& plan, std::uint32_t task, std::uint64_t unit) {
  const TensorTask& work = plan.tasks[task];
  if (work.kind == TaskKind::copy || work.kind == TaskKind::digest) {
    return plan.column_of_model[work.inputs.front().model];
  }
  return (task + unit) % plan.grid.columns;
}

bool passes_sums(const MergePlan& plan, std::uint32_t task) {
  const TensorTask& work = plan.tasks[task];
  if (plan.exchange != Exchange::sums || work.kind != TaskKind::merge || work.inputs.empty()) return false;
  return std::is_sorted(work.inputs.begin(), work.inputs.end(),
                        [&plan](const InputRef& a, const InputRef& b) {
                          return plan.column_of_model[a.model] < plan.column_of_model[b.model];
                        });
}

}  // namespace stockpot::plan
