#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stockpot/engine/candidate_maker.hpp"
#include "stockpot/engine/load_models.hpp"
#include "stockpot/method/combination.hpp"

namespace stockpot::soup {

/// What merges of a learned soup's coefficients are. Local, pure.
class LearnedRecipe {
 public:
  /// Throws Error{usage} for recipes that no learned soup can have (sparsify, slices, modules, vocabulary
  /// policies, a program as evaluator), Error{input} for models that don't fit together.
  LearnedRecipe(const engine::LoadedRecipe& loaded, std::optional<DType> dtype);

  /// Tensors that are made of all models, the same in all ways of writing the output.
  [[nodiscard]] const std::vector<std::string>& tensors() const { return tensors_; }
  [[nodiscard]] std::size_t models() const;
  /// Of the whole soup, tensors that aren't learned included.
  [[nodiscard]] std::uint64_t elements() const { return elements_; }
  /// The soup with these coefficients of every tensor.
  [[nodiscard]] engine::Variant with(const method::CoefficientTable& coefficients) const;
  /// One model alone: its coefficient is 1, the others' are 0.
  [[nodiscard]] engine::Variant of_model(std::size_t model) const;

 private:
  recipe::Recipe recipe_;
  std::vector<std::string> tensors_;
  std::uint64_t elements_ = 0;
};

}  // namespace stockpot::soup
