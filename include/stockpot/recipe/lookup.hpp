#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "stockpot/recipe/recipe.hpp"
#include "stockpot/recipe/schema.hpp"

namespace stockpot::recipe {

/// From where in a recipe a parameter is asked for. The referred objects must outlive it.
struct Place {
  const Recipe& recipe;
  const Module& module;
  const Slice* slice = nullptr;  ///< none for modules made of `models:` or a trajectory
  std::optional<std::size_t> source =
      std::nullopt;  ///< index into slice->sources, else into module.models; none for a base
                     ///< model that is not listed and for a trajectory's checkpoints
};

/// Value of a number or boolean (0 or 1) for one tensor at depth t in [0, 1]. The first level that gives a
/// value wins: the source's own parameters (per-model parameters only), the slice's, the module's, the
/// recipe's, the default. `tensor_name` is the output's for global parameters, the source's own for per-model
/// ones. nullopt: no level gives one; an error for required parameters, except per-model ones of the base.
std::optional<double> lookup(const Place& place, const ParameterSpec& parameter, std::string_view tensor_name,
                             double t);

/// The same for a parameter of kind choice, whose default is its first choice.
std::string lookup_word(const Place& place, const ParameterSpec& parameter);

}  // namespace stockpot::recipe
