#include "stockpot/engine/load_models.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/trajectory.hpp"
#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/method/catalog.hpp"

namespace stockpot::engine {
namespace {

constexpr std::uint64_t largest_recipe_bytes = std::uint64_t{16} << 20;

checkpoint::Checkpoint open_model(const plan::ModelUse& use, const WarningSink& warn) {
  if (use.reference.adapter) {
    throw Error(ExitCode::usage, "model " + quote(use.reference.text) +
                                     ": adapters (model+lora) are not available in this version; fold the adapter first");
  }
  std::vector<std::string> warnings;
  auto opened = checkpoint::open_checkpoint(checkpoint::locate_model(use.reference.path, use.reference.revision),
                                            use.reference.text, warnings);
  if (warn) {
    for (const std::string& warning : warnings) warn(warning);
  }
  return opened;
}

}  // namespace

void raise_problems(const std::vector<recipe::Problem>& problems, ExitCode code, const std::string& subject,
                    const WarningSink& warn) {
  constexpr std::size_t shown = 50;
  std::vector<std::string> errors;
  for (const recipe::Problem& problem : problems) {
    if (problem.severity == recipe::Severity::error) {
      errors.push_back(recipe::to_string(problem));
    } else if (warn) {
      warn(recipe::to_string(problem));
    }
  }
  if (errors.empty()) return;
  std::string text = subject + (errors.size() == 1 ? ": " : fmt::format(": {} problems", errors.size()));
  if (errors.size() == 1) throw Error(code, text + errors.front());
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
  const std::string headers = comm::from_root(world, "headers of the models", [&] {
    nlohmann::json all = nlohmann::json::array();
    for (const plan::ModelUse& use : uses) {
      const std::string text = checkpoint::serialize(open_model(use, warn));
      all.push_back(nlohmann::json::binary({text.begin(), text.end()}));
    }
    const std::vector<std::uint8_t> packed = nlohmann::json::to_cbor(all);
    return std::string(packed.begin(), packed.end());
  });
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
