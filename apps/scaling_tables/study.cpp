#include "study.hpp"

#include <algorithm>
#include <utility>

#include "stockpot/base/error.hpp"
#include "stockpot/method/catalog.hpp"

namespace stockpot::scaling {
namespace {

recipe::Recipe parse(std::string text, std::size_t models) {
  text += "\nmodels:\n";
  for (std::size_t i = 0; i < models; ++i) text += fmt::format("  - {{model: m{}}}\n", i);
  recipe::ParsedRecipe parsed = recipe::parse_recipe(text, method::schema(), false);
  if (!parsed.recipe) throw Error(ExitCode::usage, recipe::to_string(parsed.problems.front()));
  return std::move(*parsed.recipe);
}

plan::ModelSet headers(const recipe::Recipe& recipe, const architectures::Tensors& tensors) {
  plan::ModelSet models;
  for (const plan::ModelUse& use : plan::models_of(recipe)) {
    if (models.empty()) {
      models.push_back(
          plan::make_model(use, architectures::checkpoint_of(use.reference.text, tensors), recipe.names));
      continue;
    }
    plan::Model copy = models.front();
    copy.name = use.name;
    copy.checkpoint.reference = use.reference.text;
    models.push_back(std::move(copy));
  }
  return models;
}

}  // namespace

Study::Study(const std::string& recipe_head, const architectures::Tensors& tensors, std::size_t models)
    : recipe_(parse(recipe_head, models)),
      method_(method::find_method(recipe_.method)),
      models_(headers(recipe_, tensors)),
      resolved_(plan::resolve(recipe_, *method_, models_, std::nullopt)) {
  if (!resolved_.problems.empty()) {
    throw Error(resolved_.code, recipe::to_string(resolved_.problems.front()));
  }
}

plan::MergePlan Study::plan(std::uint64_t ranks) const {
  plan::PlanOptions options;
  options.grid = {ranks, 1};
  return plan::make_plan(recipe_, *method_, resolved_, models_, options);
}

plan::GridChoice Study::recommend(std::uint64_t ranks, const plan::Machine& machine) const {
  plan::PlanOptions options;
  options.grid = {ranks, 1};
  return plan::recommend_grid(recipe_, *method_, resolved_, models_, options, machine);
}

double Study::read_bytes(std::uint64_t ranks) const {
  double total = 0.0;
  for (const plan::RankForecast& rank : plan::forecast(plan(ranks), models_)) {
    total += static_cast<double>(rank.traffic.read_bytes);
  }
  return total;
}

}  // namespace stockpot::scaling
