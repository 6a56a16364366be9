#include "soup/variants.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/method/catalog.hpp"

namespace stockpot::soup {
namespace {

std::shared_ptr<const method::Method> mean_of_models(recipe::Recipe recipe) {
  recipe.method = "uniform_soup";
  return method::method_of(recipe);
}

/// Puts conditions before what a level says of a parameter.
void put_first(recipe::Parameters& parameters, const std::string& name,
               const std::vector<recipe::Setting::Condition>& conditions) {
  const auto found = parameters.find(name);
  if (found == parameters.end() || found->second.text()) {
    parameters.insert_or_assign(name, recipe::Setting::conditions(conditions));
  } else {
    found->second = found->second.preceded_by(conditions);
  }
}

bool is_per_model(const recipe::Recipe& recipe, const std::string& parameter) {
  const std::vector<recipe::ParameterSpec>& all = method::find_method(recipe.method)->schema().parameters;
  return std::any_of(all.begin(), all.end(), [&](const recipe::ParameterSpec& spec) {
    return spec.name == parameter && spec.per_model;
  });
}

/// Conditions by parameter, for all models or for one; those with a filter before the one without.
using Assignments =
    std::map<std::pair<std::string, std::optional<std::uint64_t>>, std::vector<recipe::Setting::Condition>>;

Assignments assignments_of(const recipe::Recipe& recipe, const std::map<std::string, double>& values) {
  Assignments assignments;
  for (const bool filtered : {true, false}) {
    for (const recipe::SpaceEntry& entry : recipe.search->space) {
      const auto value = values.find(entry.text);
      if (value == values.end() || entry.filter.has_value() != filtered) continue;
      assignments[{entry.parameter, entry.model}].push_back({entry.filter, {value->second}});
    }
  }
  return assignments;
}

}  // namespace

Variants::Variants(const recipe::Recipe& recipe) : recipe_(recipe) {
  if (recipe.modules.size() == 1 && recipe.modules.front().slices.empty()) return;
  throw Error(ExitCode::usage, "soups take one plain list of models: no slices and no modules");
}

std::uint64_t Variants::models() const {
  return recipe_.modules.front().models.size();
}

engine::Variant Variants::of(const Candidate& candidate) const {
  engine::Variant variant{recipe_, nullptr};
  std::vector<recipe::ModelEntry>& models = variant.recipe.modules.front().models;
  if (!candidate.ingredients.empty()) {
    std::vector<std::uint64_t> chosen = candidate.ingredients;
    std::sort(chosen.begin(), chosen.end());
    models.clear();
    for (const std::uint64_t index : chosen) {
      models.push_back(recipe_.modules.front().models.at(index));
    }
    variant.method = mean_of_models(variant.recipe);
    return variant;
  }
  for (const auto& [key, conditions] : assignments_of(recipe_, candidate.parameters)) {
    const auto& [parameter, model] = key;
    if (model) {
      put_first(models.at(*model).parameters, parameter, conditions);
    } else if (is_per_model(recipe_, parameter)) {
      for (recipe::ModelEntry& entry : models) put_first(entry.parameters, parameter, conditions);
    } else {
      put_first(variant.recipe.parameters, parameter, conditions);
    }
  }
  variant.method = method::method_of(variant.recipe);
  return variant;
}

engine::Variant Variants::measured(method::GramSink sink) const {
  engine::Variant variant{recipe_, nullptr};
  const std::vector<recipe::ModelEntry>& models = recipe_.modules.front().models;
  if (recipe_.base_model && std::any_of(models.begin(), models.end(), [&](const recipe::ModelEntry& entry) {
        return entry.name == recipe_.base_model->text;
      })) {
    variant.recipe.base_model.reset();
  }
  variant.recipe.method = "uniform_soup";
  variant.recipe.scope = recipe::Scope::model;
  variant.method = method::make_measured_mean(variant.recipe.base_model.has_value(), std::move(sink));
  return variant;
}

engine::Variant Variants::widest() const {
  Candidate candidate;
  for (const recipe::SpaceEntry& entry : recipe_.search->space) {
    // Not an end of a range, and of a list the end that is seldom zero: weights of zero alone make no merge.
    candidate.parameters[entry.text] =
        entry.values.empty() ? entry.low + (entry.high - entry.low) / 2.0 : entry.values.back();
  }
  if (candidate.parameters.empty()) {
    for (std::uint64_t model = 0; model < models(); ++model) candidate.ingredients.push_back(model);
  }
  return of(candidate);
}

}  // namespace stockpot::soup
