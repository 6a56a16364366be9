#include "stockpot/engine/plan_job.hpp"

#include <algorithm>
#include <utility>

#include "engine/model_headers.hpp"
#include "engine/trajectory.hpp"
#include "stockpot/base/process.hpp"
#include "stockpot/comm/communicator.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/method/catalog.hpp"
#include "stockpot/plan/resolve.hpp"

namespace stockpot::engine {
namespace {

void add(PlannedMerge& planned, ExitCode code, std::vector<recipe::Problem> problems) {
  if (recipe::has_errors(problems)) planned.code = code;
  std::move(problems.begin(), problems.end(), std::back_inserter(planned.problems));
}

void add(PlannedMerge& planned, const Error& error, const std::string& where) {
  add(planned, error.code(), {{recipe::Severity::error, where, error.what(), ""}});
}

/// Fills in what can be found out and stops at the first stage with an error.
void find_out(PlannedMerge& planned, const std::filesystem::path& path, const RunOptions& options,
              const std::optional<plan::Machine>& machine) {
  recipe::ParsedRecipe parsed =
      recipe::parse_recipe(io::read_text(path, largest_recipe_bytes), method::schema(), options.lenient);
  add(planned, ExitCode::usage, std::move(parsed.problems));
  if (!parsed.recipe) return;
  recipe::Recipe& recipe = *parsed.recipe;
  method::require_mergeable(recipe);
  comm::Communicator alone = comm::make_serial();
  expand_trajectories(alone, recipe);

  const std::vector<plan::ModelUse> uses = plan::models_of(recipe);
  std::vector<std::vector<recipe::Problem>> warnings(uses.size());
  planned.models.resize(uses.size());
  const std::vector<std::uint32_t> columns = plan::columns_of_models(uses, options.plan.grid.columns);
  const auto failures = for_every_model(uses.size(), [&](std::size_t i) {
    const checkpoint::Reader reader{static_cast<int>(columns[i]), host_name()};
    planned.models[i] = plan::make_model(uses[i], open_model(uses[i], reader, warnings[i]), recipe.names);
  });
  bool all_opened = true;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    add(planned, ExitCode::input, std::move(warnings[i]));
    try {
      if (failures[i]) std::rethrow_exception(failures[i]);
    } catch (const Error& error) {
      all_opened = false;
      add(planned, error, "model " + quote(uses[i].name));
    }
  }
  if (!all_opened) return;

  const std::shared_ptr<const method::Method> made = method::method_of(recipe);
  const method::Method& method = *made;
  plan::ResolvedMerge resolved = plan::resolve(recipe, method, planned.models, options.dtype);
  add(planned, resolved.code, std::exchange(resolved.problems, {}));
  if (planned.code != ExitCode::success) return;
  if (machine) {
    planned.choice = plan::recommend_grid(recipe, method, resolved, planned.models, options.plan, *machine);
  }
  planned.plan = plan::make_plan(recipe, method, std::move(resolved), planned.models, options.plan);
}

}  // namespace

PlannedMerge plan_recipe(const std::filesystem::path& path, const RunOptions& options,
                         const std::optional<plan::Machine>& machine) {
  PlannedMerge planned;
  try {
    find_out(planned, path, options, machine);
  } catch (const Error& error) {
    add(planned, error, path.string());
  }
  return planned;
}

}  // namespace stockpot::engine
