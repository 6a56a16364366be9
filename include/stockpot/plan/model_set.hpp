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

/// One checkpoint of a merge, by headers only.
struct Model {
  std::string name;  ///< the recipe's `name`, else the reference as written
  checkpoint::Checkpoint checkpoint;
  std::vector<checkpoint::TensorView>
      views;                     ///< what it stores, sorted by name, then what it ties, sorted too
  std::size_t stored_views = 0;  ///< number of the former

  /// Index of the view of that name, stored or tied; nullopt if the model has neither.
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view tensor_name) const;
  /// Index of the stored view only.
  [[nodiscard]] std::optional<std::uint32_t> find_stored(std::string_view tensor_name) const;
};

/// A model with its views made. Throws what checkpoint::make_views throws.
Model make_model(std::string name, checkpoint::Checkpoint checkpoint,
                 const std::vector<recipe::NameRule>& rules);

/// The checkpoints of a merge, each once, in the order in which the recipe first names them; the base model
/// last if it is listed nowhere.
using ModelSet = std::vector<Model>;

/// Name and reference of every model that a recipe uses, in that order.
struct ModelUse {
  std::string name;
  recipe::ModelReference reference;
};
std::vector<ModelUse> models_of(const recipe::Recipe& recipe);

/// Which column of a grid reads each model: column m the m-th contiguous block of the models. The first rank
/// of a column, which has the column's number, opens its models for all ranks.
std::vector<std::uint32_t> columns_of_models(std::size_t models, std::uint64_t columns);

/// Index into `models` of the model of that name or, failing that, reference text.
std::optional<std::uint32_t> find_model(const ModelSet& models, std::string_view name_or_reference);

}  // namespace stockpot::plan
