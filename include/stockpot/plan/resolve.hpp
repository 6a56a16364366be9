#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stockpot/base/error.hpp"
#include "stockpot/method/method.hpp"
#include "stockpot/plan/model_set.hpp"
#include "stockpot/plan/task.hpp"
#include "stockpot/recipe/recipe.hpp"

namespace stockpot::plan {

/// What a recipe means for the tensors of its models.
struct ResolvedMerge {
  std::vector<TensorTask>
      tasks;  ///< natural order of names, then digest tasks; empty when some problem is an error
  std::vector<recipe::Problem> problems;
  ExitCode code =
      ExitCode::input;  ///< of the errors among them: usage as soon as the recipe itself is at fault
  /// Of a recipe with slices: for each layer of the output the layer of the config's model that describes it.
  std::optional<std::vector<std::uint64_t>> output_layers;
  std::optional<std::uint64_t> vocabulary;  ///< rows that a vocabulary policy gave the output, if it had to
  std::uint32_t config_model =
      0;  ///< whose config, tokenizer and key set the output follows: base model, else the first
};

/// Whether tensors are read from the base model though the method has no use for it and does not list it.
enum class BaseReading { as_needed, always };

/// Pure: decides for every output tensor which models' tensors it is made of, in which dtype, with which
/// parameters. Finds every missing, extra and mismatched tensor, reports all. `dtype` (the command line's)
/// overrides the recipe's. A base model that is read without need is every task's anchor.
ResolvedMerge resolve(const recipe::Recipe& recipe, const method::Method& method, const ModelSet& models,
                      std::optional<DType> dtype, BaseReading base = BaseReading::as_needed);

}  // namespace stockpot::plan
