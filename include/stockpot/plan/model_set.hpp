#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/checkpoint/view.hpp"
#include "stockpot/recipe/recipe.hpp"

namespace stockpot::plan {

/// One checkpoint of a merge, or one model's statistics, by headers only.
struct Model {
  std::string name;  ///< the recipe's `name`, else the reference as written
  checkpoint::Checkpoint checkpoint;
  std::vector<checkpoint::TensorView>
      views;                     ///< what it stores, sorted by name, then what it ties, sorted too
  std::size_t stored_views = 0;  ///< number of the former
  std::optional<std::uint32_t> statistics_of;  ///< index of the model whose Fisher diagonals these are

  /// Index of the view of that name, stored or tied; nullopt if the model has neither.
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view tensor_name) const;
  /// Index of the stored view only.
  [[nodiscard]] std::optional<std::uint32_t> find_stored(std::string_view tensor_name) const;
};

/// The checkpoints of a merge, each once, in the order in which the recipe first names them; the base model
/// last if it is listed nowhere. The models' statistics follow, if they have some.
using ModelSet = std::vector<Model>;

/// Name and reference of every model that a recipe uses, in that order.
struct ModelUse {
  std::string name;
  recipe::ModelReference reference;
  std::optional<std::uint32_t> statistics_of;  ///< see Model
};
std::vector<ModelUse> models_of(const recipe::Recipe& recipe);

/// A model with its views made. Statistics have the names of the tensors that they belong to, as `rules`
/// change them. Throws what checkpoint::make_views throws.
Model make_model(const ModelUse& use, checkpoint::Checkpoint checkpoint,
                 const std::vector<recipe::NameRule>& rules);

/// The models that a recipe uses of those that another recipe of the same models uses, in their order, with
/// their statistics; the one whose config the output follows is always among them.
ModelSet used_models(const ModelSet& models, const recipe::Recipe& recipe);

/// Number of checkpoints: statistics aside.
std::size_t checkpoint_count(const std::vector<ModelUse>& uses);
std::size_t checkpoint_count(const ModelSet& models);

/// Which column of a grid reads each model: column m the m-th contiguous block of the checkpoints, and their
/// statistics. The first rank of a column, which has the column's number, opens its models for all ranks.
std::vector<std::uint32_t> columns_of_models(const std::vector<ModelUse>& uses, std::uint64_t columns);
std::vector<std::uint32_t> columns_of_models(const ModelSet& models, std::uint64_t columns);

/// Index into `models` of the checkpoint of that name or, failing that, reference text.
std::optional<std::uint32_t> find_model(const ModelSet& models, std::string_view name_or_reference);

}  // namespace stockpot::plan
