#include "stockpot/engine/load_models.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/model_headers.hpp"
#include "engine/shared_headers.hpp"
#include "engine/trajectory.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/method/catalog.hpp"

namespace stockpot::engine {
namespace {

void check_grid(const plan::GridShape& grid, std::size_t models, int ranks) {
  if (grid.ranks() != static_cast<std::uint64_t>(ranks)) {
    throw Error(ExitCode::usage,
                fmt::format("the grid {} x {} does not fit {} ranks", grid.rows, grid.columns, ranks));
  }
  if (grid.columns > models) {
    throw Error(ExitCode::usage,
                fmt::format("--grid has {} columns, more than the recipe's {} models", grid.columns, models));
  }
}

}  // namespace

void raise_problems(const std::vector<recipe::Problem>& problems, ExitCode code, const std::string& subject,
                    const WarningSink& warn) {
  constexpr std::size_t shown = 50;
  std::vector<std::string> errors;
  for (const recipe::Problem& problem : problems) {
    std::string line = recipe::to_string(problem);
    line.erase(0, line.find(": ") + 2);  // the caller says whether it is an error or a warning
    if (problem.severity == recipe::Severity::error) {
      errors.push_back(std::move(line));
    } else if (warn) {
      warn(line);
    }
  }
  if (errors.empty()) return;
  if (errors.size() == 1) throw Error(code, subject + ": " + errors.front());
  std::string text = fmt::format("{}: {} problems", subject, errors.size());
  for (std::size_t i = 0; i < std::min(shown, errors.size()); ++i) text += "\n  " + errors[i];
  if (errors.size() > shown) text += fmt::format("\n  and {} more", errors.size() - shown);
  throw Error(code, text);
}

recipe::Recipe load_recipe(comm::Communicator& world, const std::filesystem::path& path, bool lenient,
                           const WarningSink& warn) {
  const std::string text = comm::from_root(world, "recipe", [&] {
    try {
      return io::read_text(path, largest_recipe_bytes);
    } catch (const Error& error) {
      throw Error(ExitCode::usage, error.what());
    }
  });
  recipe::ParsedRecipe parsed = recipe::parse_recipe(text, method::schema(), lenient);
  raise_problems(parsed.problems, ExitCode::usage, path.string(), world.is_root() ? warn : WarningSink{});
  return std::move(*parsed.recipe);
}

LoadedRecipe load_models(comm::Communicator& world, recipe::Recipe recipe, const plan::GridShape& grid,
                         const WarningSink& warn) {
  expand_trajectories(world, recipe);
  LoadedRecipe loaded{std::move(recipe), nullptr, {}};
  loaded.method = method::method_of(loaded.recipe);
  const std::vector<plan::ModelUse> uses = plan::models_of(loaded.recipe);
  comm::agree_after(world, "grid", [&] { check_grid(grid, plan::checkpoint_count(uses), world.size()); });
  std::vector<checkpoint::Checkpoint> checkpoints = share_headers(world, uses, grid, warn);
  comm::agree_after(world, "models", [&] {
    for (std::size_t i = 0; i < uses.size(); ++i) {
      loaded.models.push_back(plan::make_model(uses[i], std::move(checkpoints[i]), loaded.recipe.names));
    }
  });
  return loaded;
}

}  // namespace stockpot::engine
