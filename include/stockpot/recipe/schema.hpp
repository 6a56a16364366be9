#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "stockpot/recipe/search.hpp"

namespace stockpot::recipe {

enum class ParameterKind { number, boolean, choice };

/// One parameter of a method: drives validation, help, README table and plan's `effective`.
struct ParameterSpec {
  std::string name;
  ParameterKind kind = ParameterKind::number;
  bool per_model = false;               ///< looked up on the model's own entry first
  std::optional<double> default_value;  ///< none: required (per-model ones not for the base model)
  std::optional<double> paper_default;  ///< under `semantics: paper`, where that differs
  bool optional = false;                ///< no default and not required either (passthrough's scale)
  std::optional<double> minimum;
  std::optional<double> maximum;
  std::vector<std::string> choices;  ///< of a choice; the first is the default
  std::string help;
};

/// What the grammar must know of a method; `method::schema()` gives them.
struct MethodSchema {
  std::string name;
  std::string summary;
  std::vector<ParameterSpec> parameters;
  bool needs_base_model = false;
  bool takes_base_model = false;  ///< an optional base_model is an anchor, no ingredient: needs no parameters
  bool takes_examples = false;    ///< `examples:` on each model (weighted)
  bool takes_statistics = false;  ///< `statistics:` on each model (fisher)
  /// Of soups, which search among their models: how, unless the recipe says otherwise.
  std::optional<Strategy> strategy;
  bool needs_search = false;  ///< only a search tells what it merges: for `stockpot soup`, not for `merge`
  /// Entries of a list of models or sources of a slice, plus an unlisted base_model where the method needs or
  /// takes one.
  std::size_t minimum_models = 1;
  std::size_t maximum_models = 0;  ///< 0: no limit

  /// True if a base_model, where there is one, is an anchor and no ingredient.
  [[nodiscard]] bool has_anchor() const { return needs_base_model || takes_base_model; }
};

using Schema = std::vector<MethodSchema>;

}  // namespace stockpot::recipe
