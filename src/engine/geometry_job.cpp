#include "stockpot/engine/geometry_job.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "engine/geometry_output.hpp"
#include "engine/grid_pass.hpp"
#include "engine/job.hpp"
#include "engine/lane_pass.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/engine/load_models.hpp"
#include "stockpot/method/catalog.hpp"
#include "stockpot/plan/geometry_plan.hpp"
#include "stockpot/plan/resolve.hpp"

namespace stockpot::engine {
namespace {

/// Tensors are brought together as this method would merge them: it takes any models and has no parameters.
constexpr const char* matching_method = "uniform_soup";

struct MeasurePlan {
  plan::MergePlan plan;
  plan::GeometryPlan geometry;
};

/// The tasks of floating tensors, which then only read.
std::vector<plan::TensorTask> measuring(std::vector<plan::TensorTask> tasks) {
  std::erase_if(tasks, [](const plan::TensorTask& task) { return task.kind != plan::TaskKind::merge; });
  for (plan::TensorTask& task : tasks) {
    task.kind = plan::TaskKind::measure;
    for (plan::InputRef& input : task.inputs) input.digests = false;
    if (task.anchor) task.anchor->digests = false;
  }
  return tasks;
}

MeasurePlan make_measure_plan(LoadedRecipe& loaded, const RunOptions& options, const WarningSink& warn) {
  // Where models differ in rows, those that all have are measured.
  if (loaded.recipe.vocabulary != recipe::VocabularyPolicy::error) {
    loaded.recipe.vocabulary = recipe::VocabularyPolicy::common;
  }
  plan::ResolvedMerge resolved =
      plan::resolve(loaded.recipe, *loaded.method, loaded.models, std::nullopt, plan::BaseReading::always);
  raise_problems(resolved.problems, resolved.code, "the models don't fit together", warn);
  resolved.tasks = measuring(std::move(resolved.tasks));
  MeasurePlan result;
  result.geometry = plan::plan_geometry(loaded.recipe, resolved.tasks, loaded.models);
  plan::PlanOptions how = options.plan;
  how.statistics_bytes = plan::geometry_bytes(result.geometry, how.threads);
  result.plan = plan::make_plan(loaded.recipe, *loaded.method, std::move(resolved), loaded.models, how);
  return result;
}

/// Collective.
std::uint64_t sum_over_ranks(comm::Communicator& world, std::uint64_t mine) {
  std::array<std::uint64_t, 1> sum{mine};
  world.all_reduce(std::span<std::uint64_t>(sum), comm::ReduceOp::sum, "bytes read");
  return sum.front();
}

}  // namespace

GeometrySummary measure_geometry(comm::Communicator& world, const std::filesystem::path& recipe,
                                 const RunOptions& options, const GeometrySink& also) {
  const auto begin = std::chrono::steady_clock::now();
  LoadedRecipe loaded = load_models(world, load_recipe(world, recipe, options.lenient, options.warn),
                                    options.plan.grid, options.warn);
  loaded.method = {std::shared_ptr<const method::Method>(), method::find_method(matching_method)};
  loaded.recipe.sparsify.reset();  // the models as they are
  MeasurePlan planned;
  comm::agree_after(world, "plan", [&] {
    planned = make_measure_plan(loaded, options, world.is_root() ? options.warn : WarningSink{});
  });
  Job job(planned.plan, loaded.models, *loaded.method, options, nullptr, {});
  job.geometry = std::make_unique<GeometryCollector>(std::move(planned.geometry));
  GeometryOutput output(world, job);
  const bool one_column = planned.plan.grid.columns == 1;
  const PassEnd end = one_column ? run_lane_pass(world, job) : run_grid_pass(world, job);
  if (end == PassEnd::stopped) {
    throw Error(ExitCode::stopped, "stopped on request; the same command begins anew",
                {options.statistics.string(), ""});
  }
  check_inputs_unchanged(world, job);
  output.finish(also);
  GeometrySummary summary;
  summary.models = output.models();
  summary.tensors = job.geometry->plan().tensors.size();
  summary.read_bytes = sum_over_ranks(world, job.counters.read_bytes);
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return summary;
}

}  // namespace stockpot::engine
