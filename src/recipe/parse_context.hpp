#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "recipe/findings.hpp"
#include "recipe/reader.hpp"
#include "stockpot/recipe/recipe.hpp"

namespace stockpot::recipe {

/// What the parsers of a recipe's parts share.
struct ParseContext {
  Findings& findings;
  const Schema& schema;
  const MethodSchema* method = nullptr;  ///< null when the recipe names none that exists
  std::set<std::string> searched = {};   ///< parameters that the search sets for every model and tensor

  /// The method's parameters, without a method those of all methods.
  [[nodiscard]] std::vector<std::string> parameter_names() const;
  /// Hints for parameters that stand beside `parameters:` and not in it.
  [[nodiscard]] std::vector<Hint> parameter_hints() const;
};

/// Where a `parameters:` block stands.
enum class Level {
  source,  ///< on a model or a slice's source: per-model parameters only
  shared,  ///< slice, module, recipe: every parameter
};

/// A block `parameters:`. Malformed settings are reported and stand in the result with some value, so that
/// they do not also count as missing.
Parameters read_parameters(const Cursor& at, Level level, const ParseContext& context);

/// A reference in either form; reported when malformed.
std::optional<ModelReference> read_reference(const Cursor& at, Findings& findings);

}  // namespace stockpot::recipe
