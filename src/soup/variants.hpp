#pragma once

#include "stockpot/engine/candidate_maker.hpp"
#include "stockpot/method/measured_mean.hpp"
#include "stockpot/soup/candidate.hpp"

namespace stockpot::soup {

/// What merges of a soup's candidates are: the recipe with other models, or with other parameters.
class Variants {
 public:
  /// Throws Error{usage} for recipes that have no plain list of models.
  explicit Variants(const recipe::Recipe& recipe);

  /// Number of ingredients.
  [[nodiscard]] std::uint64_t models() const;
  /// A mean of ingredients is `uniform_soup` of these; parameters stand before everything that the recipe
  /// says of them. The recipe's text, digest and method name remain. Throws Error{usage} for an unknown
  /// entry.
  [[nodiscard]] engine::Variant of(const Candidate& candidate) const;
  /// The mean of all models, which shows `sink` their inner products; of task vectors where the recipe has a
  /// base model that is none of them.
  [[nodiscard]] engine::Variant measured(method::GramSink sink) const;
  /// One that reads all models.
  [[nodiscard]] engine::Variant widest() const;

 private:
  recipe::Recipe recipe_;
};

}  // namespace stockpot::soup
