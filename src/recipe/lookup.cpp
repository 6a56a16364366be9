#include "stockpot/recipe/lookup.hpp"

#include <array>

namespace stockpot::recipe {
namespace {

/// Parameters of the source's own level; null where it has none.
const Parameters* own_parameters(const Place& place) {
  if (!place.source) return nullptr;
  if (place.slice != nullptr) return &place.slice->sources.at(*place.source).parameters;
  return &place.module.models.at(*place.source).parameters;
}

/// The levels in the order they are asked; null ones do not exist here.
std::array<const Parameters*, 4> levels(const Place& place, const ParameterSpec& parameter) {
  return {parameter.per_model ? own_parameters(place) : nullptr,
          place.slice != nullptr ? &place.slice->parameters : nullptr, &place.module.parameters,
          &place.recipe.parameters};
}

const Setting* find(const Parameters* level, const std::string& name) {
  if (level == nullptr) return nullptr;
  const auto found = level->find(name);
  return found == level->end() ? nullptr : &found->second;
}

}  // namespace

std::optional<double> lookup(const Place& place, const ParameterSpec& parameter, std::string_view tensor_name,
                             double t) {
  for (const Parameters* level : levels(place, parameter)) {
    if (const Setting* setting = find(level, parameter.name)) {
      if (const std::optional<double> value = setting->evaluate(tensor_name, t)) return value;
    }
  }
  const bool paper = place.recipe.semantics == Semantics::paper;
  return paper && parameter.paper_default ? parameter.paper_default : parameter.default_value;
}

std::string lookup_word(const Place& place, const ParameterSpec& parameter) {
  for (const Parameters* level : levels(place, parameter)) {
    const Setting* setting = find(level, parameter.name);
    if (setting != nullptr && setting->text()) return *setting->text();
  }
  return parameter.choices.empty() ? std::string{} : parameter.choices.front();
}

}  // namespace stockpot::recipe
