#include "stockpot/engine/load_models.hpp"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/model_headers.hpp"
#include "engine/trajectory.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/method/catalog.hpp"

namespace stockpot::engine {
namespace {

/// Headers of every model, packed; what is wrong with any of them in one error.
std::string pack_headers(const std::vector<plan::ModelUse>& uses, const WarningSink& warn) {
  std::vector<std::string> texts(uses.size());
  std::vector<std::vector<recipe::Problem>> warnings(uses.size());
  const auto failures = for_every_model(uses.size(), [&](std::size_t i) {
    texts[i] = checkpoint::serialize(open_model(uses[i], warnings[i]));
  });
  nlohmann::json all = nlohmann::json::array();
  std::vector<recipe::Problem> problems;
  ExitCode code = ExitCode::input;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    std::move(warnings[i].begin(), warnings[i].end(), std::back_inserter(problems));
    try {
      if (failures[i]) std::rethrow_exception(failures[i]);
      all.push_back(nlohmann::json::binary({texts[i].begin(), texts[i].end()}));
    } catch (const Error& error) {
      code = error.code();
      problems.push_back({recipe::Severity::error, "", error.what(), ""});
    }
  }
  raise_problems(problems, code, "models", warn);
  const std::vector<std::uint8_t> packed = nlohmann::json::to_cbor(all);
  return {packed.begin(), packed.end()};
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

LoadedRecipe load_models(comm::Communicator& world, recipe::Recipe recipe, const WarningSink& warn) {
  expand_trajectories(world, recipe);
  LoadedRecipe loaded{std::move(recipe), nullptr, {}};
  loaded.method = method::find_method(loaded.recipe.method);
  const std::vector<plan::ModelUse> uses = plan::models_of(loaded.recipe);
  const std::string headers =
      comm::from_root(world, "headers of the models", [&] { return pack_headers(uses, warn); });
  const nlohmann::json all = nlohmann::json::from_cbor(headers.begin(), headers.end());
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const auto& bytes = all.at(i).get_binary();
    loaded.models.push_back(plan::make_model(
        uses[i].name, checkpoint::deserialize({reinterpret_cast<const char*>(bytes.data()), bytes.size()}),
        loaded.recipe.names));
  }
  return loaded;
}

}  // namespace stockpot::engine
