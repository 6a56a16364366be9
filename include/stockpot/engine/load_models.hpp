#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/options.hpp"
#include "stockpot/method/method.hpp"
#include "stockpot/plan/model_set.hpp"
#include "stockpot/recipe/recipe.hpp"

namespace stockpot::engine {

/// A recipe and the headers of its models, the same on every rank.
struct LoadedRecipe {
  recipe::Recipe recipe;  ///< trajectories expanded into models
  std::shared_ptr<const method::Method> method;
  plan::ModelSet models;
};

/// Collective. Rank 0 reads and parses the recipe file; Error{usage} with every problem, one a line.
recipe::Recipe load_recipe(comm::Communicator& world, const std::filesystem::path& path, bool lenient,
                           const WarningSink& warn);

/// Collective. Expands trajectories on rank 0; opens every model where the grid has it read and gives all
/// ranks the headers. Throws the same Error on every rank.
LoadedRecipe load_models(comm::Communicator& world, recipe::Recipe recipe, const plan::GridShape& grid,
                         const WarningSink& warn);

/// Throws Error{usage} (bad recipe) or Error{input} (tensors that do not fit) with all problems if any is an
/// error; passes warnings on.
void raise_problems(const std::vector<recipe::Problem>& problems, ExitCode code, const std::string& subject,
                    const WarningSink& warn);

}  // namespace stockpot::engine
