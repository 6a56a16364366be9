#pragma once

#include <cstddef>
#include <string>

#include "architectures.hpp"
#include "stockpot/plan/grid_choice.hpp"
#include "stockpot/plan/resolve.hpp"

namespace stockpot::scaling {

/// A merge of equal models that exist as headers only.
class Study {
 public:
  /// `recipe_head`: the recipe without its models, which are named m0, m1, ...
  Study(const std::string& recipe_head, const architectures::Tensors& tensors, std::size_t models);

  /// The plan of ranks along layers alone.
  [[nodiscard]] plan::MergePlan plan(std::uint64_t ranks) const;
  [[nodiscard]] plan::GridChoice recommend(std::uint64_t ranks, const plan::Machine& machine) const;
  /// Bytes that the ranks of that plan read, all together.
  [[nodiscard]] double read_bytes(std::uint64_t ranks) const;

 private:
  recipe::Recipe recipe_;
  const method::Method* method_ = nullptr;
  plan::ModelSet models_;
  plan::ResolvedMerge resolved_;
};

}  // namespace stockpot::scaling
