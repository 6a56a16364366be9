#include "engine/trajectory.hpp"

#include <algorithm>
#include <sstream>

#include "stockpot/base/error.hpp"
#include "stockpot/checkpoint/placeholders.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/io/glob.hpp"
#include "stockpot/method/catalog.hpp"
#include "stockpot/recipe/trajectory.hpp"

namespace stockpot::engine {
namespace {

bool takes_weights(const std::string& method) {
  const auto& parameters = method::find_method(method)->schema().parameters;
  return std::any_of(parameters.begin(), parameters.end(), [](const recipe::ParameterSpec& parameter) {
    return parameter.per_model && parameter.name == "weight";
  });
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

void expand_trajectories(comm::Communicator& world, recipe::Recipe& recipe) {
  for (recipe::Module& module : recipe.modules) {
    if (!module.trajectory) continue;
    const recipe::Trajectory& trajectory = *module.trajectory;
    if (checkpoint::has_placeholder(trajectory.glob)) {
      throw Error(ExitCode::usage, "trajectory: {rank} and {node} need models that are listed one by one");
    }
    const std::string found = comm::from_root(world, "trajectory", [&] {
      std::string lines;
      for (const std::string& path : recipe::select_trajectory(io::glob(trajectory.glob), trajectory)) {
        lines += path + "\n";
      }
      if (lines.empty())
        throw Error(ExitCode::input, "no checkpoint matches the glob", {trajectory.glob, ""});
      return lines;
    });
    const std::vector<std::string> paths = lines_of(found);
    const std::vector<double> weights = recipe::expand_schedule(trajectory.schedule, paths.size());
    const bool weighted = takes_weights(recipe.method);
    if (!weighted && trajectory.schedule != recipe::Schedule::uniform) {
      throw Error(ExitCode::usage, "schedule: needs a method that takes weights, such as linear");
    }
    for (std::size_t i = 0; i < paths.size(); ++i) {
      recipe::ModelEntry entry;
      entry.reference.text = paths[i];
      entry.reference.path = paths[i];
      entry.name = paths[i];
      if (weighted) entry.parameters.emplace("weight", recipe::Setting::number(weights[i]));
      module.models.push_back(std::move(entry));
    }
    module.trajectory.reset();
  }
}

}  // namespace stockpot::engine
