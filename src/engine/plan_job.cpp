#include "stockpot/engine/plan_job.hpp"

#include <algorithm>
#include <utility>

#include "engine/model_headers.hpp"
#include "engine/trajectory.hpp"
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
void find_out(PlannedMerge& planned, const std::filesystem::path& path, const RunOptions& options) {
  recipe::ParsedRecipe parsed =
      recipe::parse_recipe(io::read_text(path, largest_recipe_bytes), method::schema(), options.lenient);
  add(planned, ExitCode::usage, std::move(parsed.problems));
  if (!parsed.recipe) return;
  recipe::Recipe& recipe = *parsed.recipe;
  comm::Communicator alone = comm::make_serial();
  expand_trajectories(alone, recipe);

  std::vector<recipe::Problem> warnings;
  std::vector<recipe::Problem> failures;
  for (const plan::ModelUse& use : plan::models_of(recipe)) {
    try {
      planned.models.push_back(plan::make_model(use.name, open_model(use, warnings), recipe.names));
    } catch (const Error& error) {
      planned.code = error.code();
      failures.push_back({recipe::Severity::error, "model " + quote(use.name), error.what(), ""});
    }
  }
  planned.problems.insert(planned.problems.end(), warnings.begin(), warnings.end());
  planned.problems.insert(planned.problems.end(), failures.begin(), failures.end());
  if (!failures.empty()) return;

  const method::Method& method = *method::find_method(recipe.method);
  plan::ResolvedMerge resolved = plan::resolve(recipe, method, planned.models, options.dtype);
  add(planned, resolved.code, std::exchange(resolved.problems, {}));
  if (planned.code != ExitCode::success) return;
  planned.plan = plan::make_plan(recipe, method, std::move(resolved), planned.models, options.plan);
}

}  // namespace

PlannedMerge plan_recipe(const std::filesystem::path& path, const RunOptions& options) {
  PlannedMerge planned;
  try {
    find_out(planned, path, options);
  } catch (const Error& error) {
    add(planned, error, path.string());
  }
  return planned;
}

}  // namespace stockpot::engine
