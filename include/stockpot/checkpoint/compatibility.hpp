#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stockpot/checkpoint/view.hpp"
#include "stockpot/recipe/problem.hpp"
#include "stockpot/recipe/recipe.hpp"

namespace stockpot::checkpoint {

/// One model as a comparison sees it.
struct ModelTensors {
  const Checkpoint* checkpoint = nullptr;
  std::span<const TensorView> views;  ///< sorted by name, as `make_views` gives them
  std::span<const TensorView> tied;   ///< as `make_tied_views` gives them
};

struct CompatibilityOptions {
  recipe::VocabularyPolicy vocabulary = recipe::VocabularyPolicy::error;
  /// Which tensors merge; the others come from one model and need no counterpart. Empty: all.
  std::function<bool(std::string_view name)> merges;
  std::size_t shown_tensors = 20;  ///< further ones are only counted
};

/// Every tensor that keeps these models from being merged, in natural name order: in some models only (tied
/// names excepted), of different shapes (leading rows of vocabulary tensors excepted unless the policy is
/// `error`), integers of different types or beside floats, types that cannot merge. One model alone can only
/// be copied and has no problems. Local; from headers only.
std::vector<recipe::Problem> compare_models(std::span<const ModelTensors> models,
                                            const CompatibilityOptions& options);

/// One of the tensors that one output tensor is made of.
struct TensorSource {
  const Checkpoint* checkpoint = nullptr;
  const TensorView* view = nullptr;
};

/// The first reason why these sources, which may have different names, do not merge into `name`, if any.
std::optional<recipe::Problem> compare_sources(const std::string& name, std::span<const TensorSource> sources,
                                               recipe::VocabularyPolicy vocabulary);

/// True for the names of token embeddings and output heads: their rows are tokens.
bool is_vocabulary_tensor(std::string_view name);

}  // namespace stockpot::checkpoint
