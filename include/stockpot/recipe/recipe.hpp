#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "stockpot/base/digest.hpp"
#include "stockpot/recipe/model_reference.hpp"
#include "stockpot/recipe/problem.hpp"
#include "stockpot/recipe/schema.hpp"
#include "stockpot/recipe/scope.hpp"
#include "stockpot/recipe/search.hpp"
#include "stockpot/recipe/setting.hpp"
#include "stockpot/tensor/dtype.hpp"

namespace stockpot::recipe {

enum class Semantics { mergekit, paper };
enum class VocabularyPolicy { error, common, pad };
enum class Schedule { uniform, linear, minus_sqrt };

/// Values of parameters where a recipe gives them, by name.
using Parameters = std::map<std::string, Setting>;

/// One entry of `models:`.
struct ModelEntry {
  ModelReference reference;
  std::string name;  ///< `name:`, else the reference as written; keys of random numbers and of `keep_from`
  Parameters parameters;
  std::optional<double> examples;  ///< for `weighted`
  std::string statistics;  ///< path of a statistics file, for methods that take one; may hold placeholders
};

/// `models: {glob: ..., every: n, last: k, schedule: ...}`: checkpoints along one training run.
struct Trajectory {
  std::string glob;
  std::uint64_t every = 1;
  std::optional<std::uint64_t> last;
  Schedule schedule = Schedule::uniform;
};

struct SliceSource {
  ModelReference reference;
  std::string name;
  std::int64_t first_layer = 0;  ///< half-open [first_layer, end_layer)
  std::int64_t end_layer = 0;
  Parameters parameters;
};

/// Consecutive output layers, all made from the same sources.
struct Slice {
  std::vector<SliceSource> sources;
  std::optional<ModelReference> base_model;
  Parameters parameters;
};

/// One part of the model (a tower of a multi-part model). Recipes without `modules:` have one, named "".
/// Exactly one of models, slices, trajectory is in use.
struct Module {
  std::string name;
  std::vector<ModelEntry> models;
  std::vector<Slice> slices;
  std::optional<Trajectory> trajectory;
  Parameters parameters;
};

/// One rule of `names:`; regexes match whole names, groups as \1. Applied in order.
struct NameRule {
  std::vector<std::string> from;  ///< several: concatenated along `dim`
  std::vector<std::string> to;    ///< several: split along `dim`
  std::uint64_t dim = 0;
  std::vector<std::uint64_t> sizes;  ///< of a split; empty: equal parts
  std::optional<std::string> model;  ///< name or reference; every model without
};

/// `sparsify:` every model becomes the base model plus its thinned task vector before the method sees it.
struct Sparsify {
  enum class Method { dare, ties };
  Method method = Method::dare;
  double density = 1.0;        ///< share of entries kept: 1 - drop of dare
  bool rescale = true;         ///< dare: what is kept is enlarged
  std::optional<Scope> scope;  ///< of thresholds and norms; none: the method's own default

  friend bool operator==(const Sparsify&, const Sparsify&) = default;
};

/// A recipe as written, checked against the grammar and the schema of methods; no file was opened.
struct Recipe {
  std::string text;  ///< verbatim
  Digest digest;     ///< of the text
  std::string method;
  std::vector<Module> modules;
  std::optional<ModelReference> base_model;
  Parameters parameters;
  std::optional<DType> dtype;  ///< `dtype`: what mergekit computes in; here only a default for the output
  std::optional<DType> out_dtype;
  Semantics semantics = Semantics::mergekit;
  std::optional<Scope> scope;
  std::optional<Sparsify> sparsify;
  std::optional<Search> search;      ///< soups have one; `stockpot soup` reads it, others ignore it
  std::optional<Evaluate> evaluate;  ///< `stockpot soup` reads it, others ignore it
  /// Required parameters that the recipe leaves to `search: {space: ...}`.
  std::set<std::string> searched_parameters;
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  std::optional<std::string> keep_from;
  std::vector<NameRule> names;
  VocabularyPolicy vocabulary = VocabularyPolicy::error;
  std::optional<std::string> chat_template;
  std::optional<std::string> tokenizer_source;  ///< "base", or a reference as written

  [[nodiscard]] bool has_slices() const;
};

struct ParsedRecipe {
  std::optional<Recipe> recipe;  ///< absent when some problem is an error
  std::vector<Problem> problems;
};

/// Parses and checks a whole recipe; every problem at once, in order of lines. Never throws for bad text:
/// deep, cyclic and exploding YAML are problems. `lenient` turns unknown keys and unknown parameters into
/// warnings.
ParsedRecipe parse_recipe(std::string_view text, const Schema& schema, bool lenient);

}  // namespace stockpot::recipe
